"""Routes of the snapshots: they stream files, which the other routes don't."""

from __future__ import annotations

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from . import snapshots
from .answers import answer, guarded, parse, route
from .errors import ApiError
from .models import Recover
from .store import Store


def routes(store: Store) -> list[Route]:
    """All that can be done with a collection's snapshots."""
    every = "/collections/{name}/snapshots"
    one = every + "/{snapshot}"

    async def download(request: Request) -> Response:
        path = request.path_params
        file = await guarded(lambda: snapshots.path_of(store, path["name"], path["snapshot"]))
        return FileResponse(file, filename=file.name, media_type="application/octet-stream")

    def recover(store: Store, path: dict[str, str], body: bytes) -> bool:
        wanted = parse(Recover, body)
        return snapshots.recover_location(store, path["name"], wanted.location, wanted.checksum)

    async def upload(request: Request) -> Response:
        name = request.path_params["name"]
        checksum = request.query_params.get("checksum")
        async with request.form(max_files=1, max_fields=4) as form:
            sent = form.get("snapshot")
            if not isinstance(sent, UploadFile):
                raise ApiError(400, "Format error in multipart: a file named `snapshot` is needed")
            file, label = sent.file, sent.filename or "the file"
            return await answer(lambda: snapshots.recover(store, name, file, label, checksum))

    return [
        route(store, "GET", every, lambda s, p, b: snapshots.listing(s, p["name"])),
        route(store, "POST", every, lambda s, p, b: snapshots.create(s, p["name"])),
        route(store, "PUT", f"{every}/recover", recover),
        Route(f"{every}/upload", upload, methods=["POST"]),
        Route(one, download, methods=["GET"]),
        route(store, "DELETE", one, lambda s, p, b: snapshots.delete(s, p["name"], p["snapshot"])),
    ]
