"""How every answer is made: work in a thread, Qdrant's envelope around what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import models
from .errors import ApiError, from_engine, from_validation
from .store import Store

Body = TypeVar("Body", bound=models.Body)
Work = Callable[[Store, dict[str, str], bytes], Any]


def route(store: Store, method: str, path: str, work: Work) -> Route:
    """A route whose answer is what `work` makes of the path's parameters and the body."""

    async def endpoint(request: Request) -> Response:
        body = await read_body(request, store.settings.max_request_bytes)
        return await answer(lambda: work(store, request.path_params, body))

    return Route(path, endpoint, methods=[method])


async def answer(work: Callable[[], Any]) -> Response:
    """Do the blocking work and wrap what comes of it. Raises ApiError."""
    started = time.perf_counter()
    result = await guarded(work)
    return JSONResponse({"result": result, "status": "ok", "time": time.perf_counter() - started})


def failure(error: ApiError) -> Response:
    """Qdrant's envelope for an error."""
    content = {"result": None, "status": {"error": error.message}, "time": 0.0}
    return JSONResponse(content, status_code=error.status)


async def guarded(work: Callable[[], Any]) -> Any:
    """Do blocking work in a thread; whatever goes wrong is an ApiError."""
    try:
        return await run_in_threadpool(work)
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
