"""Errors as Qdrant words them, and what the engine's exceptions mean in HTTP."""

from __future__ import annotations

import re

from pydantic import ValidationError

# Constraints on values that have the right shape. Qdrant answers these with 422, and a body
# that does not have the right shape with 400.
_CONSTRAINTS = {
    "greater_than",
    "greater_than_equal",
    "less_than",
    "less_than_equal",
    "too_short",
    "string_too_short",
    "string_too_long",
}

_WRONG_INPUT = re.compile(
    r"dimension error|vector name|No appropriate index|Wrong input|Bad request|invalid|"
    r"expected|validation|Inconsistent|not supported",
    re.IGNORECASE,
)


class ApiError(Exception):
    """An answer other than 200: `status` is the HTTP code, `message` is for the client."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def bad_request(message: str) -> ApiError:
    """The request makes no sense to the engine."""
    return ApiError(400, f"Wrong input: {message}")


def not_found(message: str) -> ApiError:
    """Something that the request names isn't there."""
    return ApiError(404, f"Not found: {message}")


def not_spoken(what: str) -> ApiError:
    """Qdrant may know this, the gateway does not."""
    return ApiError(
        501,
        f"Not implemented: {what} is not offered by this server. It is Groundwork's gateway on "
        "Qdrant Edge and speaks the everyday part of Qdrant's REST API (collections, points, "
        "payload, search, query, scroll, count, snapshots). Use the official image "
        "qdrant/qdrant:v1.7.4 for the rest.",
    )


def from_validation(error: ValidationError) -> ApiError:
    """What pydantic refused, as Qdrant words it."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    if any(item["type"] == "json_invalid" for item in details):
        return ApiError(400, f"Format error in JSON body: {details[0]['msg']}")
    places = "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}"
        for item in details[:5]
    )
    if all(item["type"] in _CONSTRAINTS for item in details):
        return ApiError(422, f"Validation error in JSON body: [{places}]")
    return ApiError(400, f"Format error in JSON body: {places}")


def from_engine(error: Exception) -> ApiError:
    """The engine raises plain exceptions; their text is all there is to tell them apart."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, (ValueError, TypeError, OverflowError)):
        return bad_request(text)
    if "No point with id" in text:
        return not_found(text)
    if _WRONG_INPUT.search(text) and not text.startswith("Service"):
        return bad_request(text.removeprefix("Wrong input: "))
    return ApiError(500, f"Service internal error: {text}")
