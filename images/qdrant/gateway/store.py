"""Collections on disk.

    <storage>/collections/<name>/config.json    what the client asked for
    <storage>/collections/<name>/0/             the engine's shard
    <storage>/.pending/half/                    being made; thrown away on start
    <storage>/.pending/ready/<name>/            complete, about to replace <name>; finished on start
    <storage>/.pending/gone/                    deleted; thrown away on start

A collection appears and disappears by a rename, so a crash leaves it whole or not there.
"""

from __future__ import annotations

import fcntl
import shutil
import threading
from pathlib import Path
from typing import IO
from uuid import uuid4

import qdrant_edge as edge

from .collection import (
    SHARD_FOLDER,
    Collection,
    Config,
    engine_config,
    sync_folder,
    write_config,
)
from .config import Settings
from .errors import bad_request, not_found

FLUSH_SECONDS = 5  # Qdrant's own flush_interval_sec
_FORBIDDEN = set('<>:"/\\|?*\0')


class StorageError(Exception):
    """The storage can't be used; the text says why and what to do."""


class Store:
    """All collections of one storage folder."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ready = False
        self._root = settings.storage / "collections"
        self._pending = settings.storage / ".pending"
        self._collections: dict[str, Collection] = {}
        self._changing = threading.Lock()  # held while the set of collections changes
        self._lock_file: IO[str] | None = None
        self._stop = threading.Event()
        self._flusher = threading.Thread(target=self._flush_regularly, daemon=True)

    def open(self) -> None:
        """Load every collection. StorageError if one can't be, or if another process is here."""
        for folder in (self._root, self.settings.snapshots, self.settings.temp, self._pending):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock_file = (self.settings.storage / ".lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StorageError(
                f"{self.settings.storage} is in use by another gateway. Stop it first."
            ) from error
        with self._changing:
            self._finish_what_a_crash_left()
            for folder in sorted(self._root.iterdir()):
                if self._stop.is_set():
                    return
                try:
                    self._collections[folder.name] = Collection(folder.name, folder)
                except Exception as error:
                    raise StorageError(
                        f"the collection in {folder} can't be loaded: {error}. Restore it from a "
                        "snapshot or move the folder away, then start again."
                    ) from error
            self.ready = True
        self._flusher.start()

    def close(self) -> None:
        """Flush and close everything."""
        self._stop.set()
        with self._changing:
            self.ready = False
            for collection in self._collections.values():
                collection.close()
            self._collections.clear()
            if self._lock_file is not None:
                self._lock_file.close()

    def names(self) -> list[str]:
        """The names of all collections."""
        return sorted(self._collections)

    def get(self, name: str) -> Collection:
        """The collection of that name, or 404."""
        try:
            return self._collections[name]
        except KeyError:
            raise not_found(f"Collection `{name}` doesn't exist!") from None

    def create(self, name: str, config: Config) -> None:
        """Make a collection; it is there completely or not at all."""
        check_name(name)
        with self._changing:
            if name in self._collections:
                raise bad_request(f"Collection `{name}` already exists!")
            half = self.half()
            try:
                write_config(half, config)
                shard = edge.EdgeShard.create(str(half / SHARD_FOLDER), engine_config(config))
                shard.flush()
                shard.close()
                half.rename(self._root / name)
            except BaseException:
                shutil.rmtree(half, ignore_errors=True)
                raise
            sync_folder(self._root)
            self._collections[name] = Collection(name, self._root / name)

    def delete(self, name: str) -> bool:
        """Delete a collection; False if there is none. Its snapshots stay."""
        with self._changing:
            collection = self._collections.pop(name, None)
            if collection is None:
                return False
            collection.close()
            gone = self._move_away(name)
        shutil.rmtree(gone, ignore_errors=True)
        return True

    def replace(self, name: str, complete: Path) -> None:
        """Put a complete folder (from `half`) in the place of a collection, or make a new one."""
        check_name(name)
        ready = self._pending / "ready"
        with self._changing:
            ready.mkdir(exist_ok=True)
            complete.rename(ready / name)
            sync_folder(ready)
            # From here on, a crash is finished by the next start.
            old = self._collections.pop(name, None)
            gone = None
            if old is not None:
                old.close()
                gone = self._move_away(name)
            (ready / name).rename(self._root / name)
            sync_folder(self._root)
            self._collections[name] = Collection(name, self._root / name)
        if gone is not None:
            shutil.rmtree(gone, ignore_errors=True)

    def half(self) -> Path:
        """A new folder for something that isn't complete yet."""
        folder = self._pending / "half" / uuid4().hex
        folder.mkdir(parents=True)
        return folder

    def _move_away(self, name: str) -> Path:
        gone = self._pending / "gone" / uuid4().hex
        gone.parent.mkdir(exist_ok=True)
        (self._root / name).rename(gone)
        sync_folder(self._root)
        return gone

    def _finish_what_a_crash_left(self) -> None:
        ready = self._pending / "ready"
        for folder in ready.iterdir() if ready.is_dir() else ():
            if (self._root / folder.name).exists():
                self._move_away(folder.name)
            folder.rename(self._root / folder.name)
        shutil.rmtree(self._pending)
        self._pending.mkdir()
        # An upload that a crash interrupted in an earlier gateway; this one's have no name
        for leftover in self.settings.temp.glob("upload-*"):
            leftover.unlink()
        sync_folder(self._root)

    def _flush_regularly(self) -> None:
        while not self._stop.wait(FLUSH_SECONDS):
            for collection in list(self._collections.values()):
                try:
                    collection.flush()
                except Exception as error:
                    print(f"qdrant gateway: flush of {collection.name} failed: {error}", flush=True)


def check_name(name: str) -> None:
    """Refuse names that can't be a folder's."""
    if not name or len(name.encode()) > 255 or name in {".", ".."} or set(name) & _FORBIDDEN:
        raise bad_request(f"`{name}` can't be a collection's name")
