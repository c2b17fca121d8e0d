"""Takes archives in on the machine that they are sent to. Only the standard library: the text of
this file is sent to that machine's own Python.

An archive grows in a file that is named by its digest, and gets its own name when it is complete.
What has arrived stays there when the connection breaks.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

_BLOCK = 1024 * 1024
_GROWING = ".sending-"


def serve(asked: Mapping[str, Any], stream: IO[bytes]) -> dict[str, Any]:
    """What a controller asks for: `do` is inspect or part. `error` is what the disk doesn't allow.

    inspect: `directory`, `files` (name to digest and size), `part` (bytes), `clean`. The answer's
    `files` has for each name whether it is `complete`, and the `parts` that are there, length and
    digest;
    `architecture` is the machine's, as uname says it.
    part: `directory`, `name`, `digest`, `offset`, `length`; the bytes come from `stream`. With
    `size` it is the last one, and the answer says whether the archive is `complete`.
    """
    directory = Path(asked["directory"])
    try:
        if asked["do"] == "inspect":
            files = _inspect(directory, asked["files"], asked["part"], asked["clean"])
            return {"files": files, "architecture": os.uname().machine}
        directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        growing = directory / growing_name(asked["name"], asked["digest"])
        written = _write(growing, asked["offset"], asked["length"], stream)
        if "size" not in asked or not written:
            return {"complete": False}
        return {
            "complete": _finish(growing, directory / asked["name"], asked["size"], asked["digest"])
        }
    except OSError as error:
        while stream.read(_BLOCK):  # or the other side takes it for a broken connection
            pass
        return {"error": error.strerror, "path": str(error.filename or directory)}


def growing_name(name: str, digest: str) -> str:
    """The name of an archive that isn't complete yet: never that of an older one's rest."""
    return f"{_GROWING}{name}.{digest[:16]}"


def _inspect(
    directory: Path, files: Mapping[str, Mapping[str, Any]], part: int, clean: bool
) -> dict[str, dict[str, Any]]:
    found = {}
    needed = set()
    for name, file in files.items():
        complete = _digest(directory / name, file["size"]) == file["digest"]
        growing = directory / growing_name(name, file["digest"])
        found[name] = {
            "complete": complete,
            "parts": [] if complete else list(_parts(growing, part)),
        }
        if not complete:
            needed.add(growing)
    if clean:
        for rest in set(directory.glob(f"{_GROWING}*")) - needed:
            rest.unlink()
    return found


def _digest(path: Path, size: int) -> str:
    """The SHA-256 of a file of that size; `""` where there is none."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size == size:
            return next((digest for _, digest in _parts(path, size)), "")
    return ""


def _parts(path: Path, part: int) -> Iterator[tuple[int, str]]:
    """The length and SHA-256 of each part of a file; the last one is as long as what is there."""
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        while True:
            length, total = 0, hashlib.sha256()
            while block := file.read(min(_BLOCK, part - length)):
                length += len(block)
                total.update(block)
            if not length:
                return
            yield length, total.hexdigest()


def _write(path: Path, offset: int, length: int, stream: IO[bytes]) -> bool:
    """Write what comes, at its place; False where less than `length` came. Nothing is cut off: a
    command of an earlier run that isn't gone yet writes the same bytes to the same places."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644), "wb", buffering=0) as file:
        file.seek(offset)
        while length and (block := stream.read(min(_BLOCK, length))):
            file.write(block)
            length -= len(block)
    return not length


def _finish(growing: Path, path: Path, size: int, digest: str) -> bool:
    """Name an archive if it is complete. What isn't stays: the next run asks for its parts."""
    os.truncate(growing, size)
    if _digest(growing, size) != digest:
        return False
    growing.chmod(0o644)
    growing.replace(path)
    return True
