"""Routes of the snapshots: they stream files, which the other routes don't."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from . import snapshots
from .answers import answer, failure, guarded, parse, read_body
from .errors import ApiError
from .models import Recover
from .store import Store

_CHUNK = 1024 * 1024


def routes(store: Store) -> list[Route]:
    """All that can be done with a collection's snapshots."""
    every = "/collections/{name}/snapshots"
    one = every + "/{snapshot}"

    def simple(work: Callable[[dict[str, str]], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await answer(lambda: work(request.path_params))

        return endpoint

    async def download(request: Request) -> Response:
        path = request.path_params
        try:
            file = await run_in_threadpool(
                guarded, lambda: snapshots.path_of(store, path["name"], path["snapshot"])
            )
        except ApiError as error:
            return failure(error)
        return FileResponse(file, filename=file.name, media_type="application/octet-stream")

    async def recover(request: Request) -> Response:
        body = await read_body(request, store.settings.max_request_bytes)
        name = request.path_params["name"]

        def work() -> bool:
            wanted = parse(Recover, body)
            return snapshots.recover_location(store, name, wanted.location, wanted.checksum)

        return await answer(work)

    async def upload(request: Request) -> Response:
        name = request.path_params["name"]
        checksum = request.query_params.get("checksum")
        received = Path(await run_in_threadpool(_temporary, store))
        try:
            await _receive(request, received)
            return await answer(lambda: snapshots.recover_file(store, name, received, checksum))
        except ApiError as error:
            return failure(error)
        finally:
            received.unlink(missing_ok=True)

    return [
        Route(every, simple(lambda p: snapshots.listing(store, p["name"])), methods=["GET"]),
        Route(every, simple(lambda p: snapshots.create(store, p["name"])), methods=["POST"]),
        Route(f"{every}/recover", recover, methods=["PUT"]),
        Route(f"{every}/upload", upload, methods=["POST"]),
        Route(one, download, methods=["GET"]),
        Route(
            one,
            simple(lambda p: snapshots.delete(store, p["name"], p["snapshot"])),
            methods=["DELETE"],
        ),
    ]


def _temporary(store: Store) -> str:
    with tempfile.NamedTemporaryFile(
        prefix="upload-", dir=store.settings.temp, delete=False
    ) as file:
        return file.name


async def _receive(request: Request, target: Path) -> None:
    async with request.form(max_files=1, max_fields=4) as form:
        upload = form.get("snapshot")
        if not isinstance(upload, UploadFile):
            raise ApiError(400, "Format error in multipart: a file named `snapshot` is needed")
        with target.open("wb") as file:
            while chunk := await upload.read(_CHUNK):
                await run_in_threadpool(file.write, chunk)
