"""How every answer is made: work in a thread, Qdrant's envelope around what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from . import models
from .errors import ApiError, from_engine, from_validation

Body = TypeVar("Body", bound=models.Body)


async def answer(work: Callable[[], Any]) -> Response:
    """Do the blocking work in a thread and wrap what comes of it."""
    started = time.perf_counter()
    try:
        result = await run_in_threadpool(guarded, work)
    except ApiError as error:
        return failure(error, time.perf_counter() - started)
    return JSONResponse({"result": result, "status": "ok", "time": time.perf_counter() - started})


def failure(error: ApiError, seconds: float = 0.0) -> Response:
    """Qdrant's envelope for an error."""
    content = {"result": None, "status": {"error": error.message}, "time": seconds}
    return JSONResponse(content, status_code=error.status)


def guarded(work: Callable[[], Any]) -> Any:
    """Translate whatever goes wrong into an ApiError."""
    try:
        return work()
    except ApiError:
        raise
    except ValidationError as error:
        raise from_validation(error) from error
    except Exception as error:
        translated = from_engine(error)
        if translated.status >= 500:
            print(f"qdrant gateway: {type(error).__name__}: {translated.message}", flush=True)
        raise translated from error


def parse(model: type[Body], body: bytes) -> Body:
    """Check a JSON body against its model."""
    return model.model_validate_json(body or b"{}")


async def read_body(request: Request, limit: int) -> bytes:
    """Read the whole body; 413 if it is larger than `limit` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ApiError(413, f"Payload error: JSON payload is larger than allowed ({limit})")
    return bytes(body)
