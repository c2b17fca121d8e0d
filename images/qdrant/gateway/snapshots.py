"""Snapshots: a collection's folder in a compressed tar file, made while writes wait.

The write-ahead log is part of it: the engine numbers its operations by the log, and without it
would take later writes for old ones and leave them out.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import time
from datetime import datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO
from urllib.parse import unquote, urlsplit

import qdrant_edge as edge

from . import GATEWAY
from .collection import CONFIG_FILE, SHARD_FOLDER, sync_folder
from .errors import ApiError, bad_request, not_found, not_spoken
from .store import Store, check_name

_MARK = "groundwork.json"
_CHUNK = 1024 * 1024
_ZEROS = bytes(_CHUNK)
_SUFFIX = ".snapshot"


def create(store: Store, name: str) -> dict[str, Any]:
    """Make a snapshot; it appears under its name once it is complete and on disk."""
    collection = store.get(name)
    folder = store.settings.snapshots / name
    folder.mkdir(parents=True, exist_ok=True)
    now = time.time_ns()
    stamp = time.strftime("%Y-%m-%d-%H-%M-%S", time.gmtime(now // 10**9))
    target = folder / f"{name}-{now // 1000}-{stamp}{_SUFFIX}"
    partial = target.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            # The log is mostly empty: the quickest compression takes it from 64 MB to nothing.
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as tar:
                _add_mark(tar, name)
                with collection.still() as source:
                    tar.add(source / CONFIG_FILE, CONFIG_FILE)
                    tar.add(source / SHARD_FOLDER, SHARD_FOLDER)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
        sync_folder(folder)
    finally:
        partial.unlink(missing_ok=True)
    return _describe(target)


def listing(store: Store, name: str) -> list[dict[str, Any]]:
    """All snapshots of a collection, oldest first."""
    store.get(name)
    folder = store.settings.snapshots / name
    found = sorted(folder.glob(f"*{_SUFFIX}")) if folder.is_dir() else []
    return [_describe(path) for path in found]


def path_of(store: Store, name: str, snapshot: str) -> Path:
    """The file of a snapshot, or 404."""
    store.get(name)
    check_name(name)
    path = store.settings.snapshots / name / snapshot
    if Path(snapshot).name != snapshot or not path.is_file():
        raise not_found(f"Snapshot {snapshot} not found")
    return path


def delete(store: Store, name: str, snapshot: str) -> bool:
    """Remove a snapshot."""
    path = path_of(store, name, snapshot)
    path.unlink()
    sync_folder(path.parent)
    return True


def recover_location(store: Store, name: str, location: str, checksum: str | None) -> bool:
    """Recover from a file:// address inside the snapshots folder."""
    parts = urlsplit(location)
    if parts.scheme in {"http", "https"}:
        raise not_spoken("recovering a snapshot from an http address")
    if parts.scheme not in {"file", ""} or parts.netloc not in {"", "localhost"}:
        raise bad_request("the snapshot's location must be like file:///path")
    root = store.settings.snapshots.resolve()
    path = Path(unquote(parts.path)).resolve()
    if not path.is_relative_to(root):
        raise ApiError(403, f"Forbidden: snapshots are recovered only from {root}")
    if not path.is_file():
        raise bad_request(f"Snapshot file {path} does not exist")
    with path.open("rb") as file:
        return recover(store, name, file, path.name, checksum)


def recover(
    store: Store, name: str, file: BinaryIO, label: str, checksum: str | None = None
) -> bool:
    """Put the snapshot's state in the collection's place; a broken one changes nothing. `label` is
    what an error calls the file."""
    check_name(name)
    if checksum is not None and _sha256(file) != checksum.lower():
        raise bad_request(f"{label}: its SHA-256 is not the checksum in the request")
    file.seek(0)
    half = store.half()
    try:
        try:
            _unpack(file, half)
            json.loads((half / CONFIG_FILE).read_text(encoding="utf-8"))
            edge.EdgeShard.load(str(half / SHARD_FOLDER)).close()
        except Exception as error:  # the engine's are plain ones
            raise bad_request(
                f"{label} is not a complete snapshot of this gateway: {error}"
            ) from error
        store.replace(name, half)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return True


def _add_mark(tar: tarfile.TarFile, name: str) -> None:
    data = json.dumps({"format": 1, "made_by": GATEWAY, "collection": name}).encode()
    entry = tarfile.TarInfo(_MARK)
    entry.size = len(data)
    tar.addfile(entry, BytesIO(data))


def _unpack(file: BinaryIO, target: Path) -> None:
    """Only plain files and folders, only inside `target`."""
    with tarfile.open(fileobj=file, mode="r|gz") as tar:
        first = tar.next()
        if first is None or first.name != _MARK:
            raise ValueError("it was not made by this gateway")
        for entry in tar:
            if entry.name == _MARK:
                continue
            parts = PurePosixPath(entry.name).parts
            if not parts or parts[0] not in {CONFIG_FILE, SHARD_FOLDER} or ".." in parts:
                raise ValueError(f"unexpected name {entry.name!r}")
            destination = target.joinpath(*parts)
            if entry.isdir():
                destination.mkdir(parents=True, exist_ok=True)
            elif entry.isfile():
                source = tar.extractfile(entry)
                assert source is not None  # a regular file has one
                _copy_sparse(source, destination)
            else:
                raise ValueError(f"unexpected kind of entry {entry.name!r}")


def _copy_sparse(source: IO[bytes], destination: Path) -> None:
    """Copy, leaving holes where there are only zeros, and see it on disk."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    with destination.open("wb") as file:
        while chunk := source.read(_CHUNK):
            if chunk == _ZEROS[: len(chunk)]:
                file.seek(len(chunk), os.SEEK_CUR)
            else:
                file.write(chunk)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _describe(path: Path) -> dict[str, Any]:
    facts = path.stat()
    made = datetime.fromtimestamp(facts.st_mtime).isoformat(timespec="seconds")
    return {"name": path.name, "creation_time": made, "size": facts.st_size}


def _sha256(file: BinaryIO) -> str:
    total = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        total.update(chunk)
    return total.hexdigest()
