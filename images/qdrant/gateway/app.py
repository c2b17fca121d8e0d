"""The ASGI application: routes, the API key, Qdrant's envelope around every answer."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from . import GATEWAY, QDRANT_VERSION, collections_api, models, reads, snapshots_api, writes
from .answers import Body, failure, parse, route
from .errors import ApiError, not_spoken
from .store import Store

Endpoint = Callable[[Request], Awaitable[Response]]

_OPEN_PATHS = frozenset({"/", "/healthz", "/livez", "/readyz"})
_DASHBOARD = "/dashboard"
_NO_DASHBOARD = """There is no dashboard here.

This is Groundwork's stand-in for Qdrant, built where no container registry is in reach. It speaks
the everyday part of Qdrant's REST API and has no web interface; the official image,
qdrant/qdrant:v1.7.4, has one at this address.
"""


def create_app(store: Store) -> ASGIApp:
    """Put the application together."""
    routes = [
        Route("/", _root, methods=["GET"]),
        Route("/healthz", _alive, methods=["GET"]),
        Route("/livez", _alive, methods=["GET"]),
        Route("/readyz", _ready(store), methods=["GET"]),
        *_collections(store),
        *_points(store),
        *snapshots_api.routes(store),
        Route(_DASHBOARD, _dashboard, methods=["GET"]),
        Route(f"{_DASHBOARD}/{{path:path}}", _dashboard, methods=["GET"]),
        Route("/{path:path}", _unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
    app = Starlette(routes=routes, exception_handlers={405: _unknown, ApiError: _failed})
    return _Guard(app, store)


def _collections(store: Store) -> list[Route]:
    one = "/collections/{name}"

    def names(store: Store, _path: dict[str, str], _body: bytes) -> Any:
        return {"collections": [{"name": name} for name in store.names()]}

    return [
        route(store, "GET", "/collections", names),
        route(store, "PUT", one, lambda s, p, b: collections_api.create(
            s, p["name"], parse(models.CreateCollection, b))),
        route(store, "PATCH", one, lambda s, p, b: collections_api.update(
            s.get(p["name"]), parse(models.UpdateCollection, b))),
        route(store, "GET", one, lambda s, p, b: s.get(p["name"]).info()),
        route(store, "DELETE", one, lambda s, p, b: s.delete(p["name"])),
        route(store, "GET", f"{one}/exists", lambda s, p, b: {"exists": p["name"] in s.names()}),
    ]  # fmt: skip


def _points(store: Store) -> list[Route]:
    points = "/collections/{name}/points"

    def read(path: str, model: type[Body], work: Callable[[Any, Body], Any]) -> Route:
        return route(store, "POST", path, lambda s, p, b: work(s.get(p["name"]), parse(model, b)))

    def write(method: str, path: str, model: type[Body], build: Callable[[Body], Any]) -> Route:
        def work(s: Store, p: dict[str, str], b: bytes) -> Any:
            collection = s.get(p["name"])
            return writes.run(collection, build(parse(model, b)))

        return route(store, method, path, work)

    return [
        *(write(method, f"{points}{path}", model, build)
          for method, path, model, build in writes.KINDS.values()),
        write("POST", f"{points}/batch", models.Operations, writes.batch),
        read(points, models.Retrieve, reads.retrieve),
        read(f"{points}/search", models.Search, reads.search),
        read(f"{points}/search/batch", models.SearchBatch,
             lambda c, body: [reads.search(c, one) for one in body.searches]),
        read(f"{points}/query", models.Query, reads.query),
        read(f"{points}/query/batch", models.QueryBatch,
             lambda c, body: [reads.query(c, one) for one in body.searches]),
        read(f"{points}/recommend", models.Recommend, reads.recommend),
        read(f"{points}/scroll", models.Scroll, reads.scroll),
        read(f"{points}/count", models.Count, reads.count),
        route(store, "GET", points + "/{id}", lambda s, p, b: reads.one(
            s.get(p["name"]), p["id"])),
        write("PUT", "/collections/{name}/index", models.CreateIndex, writes.create_index),
        route(store, "DELETE", "/collections/{name}/index/{field:path}", lambda s, p, b:
               writes.run(s.get(p["name"]), writes.Op.delete_field_index(p["field"]))),
    ]  # fmt: skip


async def _root(_request: Request) -> Response:
    return JSONResponse(
        {
            "title": "qdrant - vector search engine",
            "version": QDRANT_VERSION,
            "groundwork": GATEWAY,
        }
    )


async def _alive(_request: Request) -> Response:
    return PlainTextResponse("healthz check passed")


def _ready(store: Store) -> Endpoint:
    async def endpoint(_request: Request) -> Response:
        if store.ready:
            return PlainTextResponse("all shards are ready")
        return PlainTextResponse("storage is being loaded", status_code=503)

    return endpoint


async def _dashboard(_request: Request) -> Response:
    return PlainTextResponse(_NO_DASHBOARD, status_code=501)


async def _unknown(request: Request, _error: Exception | None = None) -> Response:
    return failure(not_spoken(f"{request.method} {request.url.path}"))


async def _failed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # it is registered for no other
    return failure(error)


def _is_open(path: str) -> bool:
    """Whether anybody may ask; a browser has no key to send."""
    return path in _OPEN_PATHS or path == _DASHBOARD or path.startswith(f"{_DASHBOARD}/")


class _Guard:
    """Before anything else: the API key, and whether the storage is loaded."""

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app = app
        self._store = store
        key = store.settings.api_key
        self._key = None if key is None else key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_open(scope["path"]):
            refusal = self._refusal(Request(scope))
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        if self._key is not None:
            given = request.headers.get("api-key")
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if given is None and scheme.lower() == "bearer":
                given = token.strip()
            # Headers are read as Latin-1, so this gives back the bytes that were sent.
            if given is None or not hmac.compare_digest(given.encode("latin-1"), self._key):
                return PlainTextResponse("Invalid api-key", status_code=403)
        if not self._store.ready:
            return failure(ApiError(503, "Service unavailable: the storage is being loaded"))
        return None
