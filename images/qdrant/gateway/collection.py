"""One collection: its configuration file, its shard, and who may touch the shard when."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import qdrant_edge as edge

from .errors import ApiError, not_found
from .locks import SharedLock

CONFIG_FILE = "config.json"
SHARD_FOLDER = "0"

Config = dict[str, Any]


def sync_folder(path: Path) -> None:
    """Make names that were added to or taken from a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_config(folder: Path, config: Config) -> None:
    """Write the configuration in one step: a reader sees the old one or the new one."""
    temporary = folder / f".{CONFIG_FILE}"
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(config, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / CONFIG_FILE)
    sync_folder(folder)


def engine_config(config: Config) -> edge.EdgeConfig:
    """The configuration, as the engine wants it for a new shard."""

    def params(data: Config) -> edge.EdgeVectorParams:
        return edge.EdgeVectorParams(data["size"], getattr(edge.Distance, data["distance"]))

    vectors = config["vectors"]
    single = isinstance(vectors.get("size"), int)
    return edge.EdgeConfig(
        vectors=params(vectors) if single else {name: params(v) for name, v in vectors.items()},
        sparse_vectors={name: edge.EdgeSparseVectorParams() for name in config["sparse_vectors"]},
    )


class Collection:
    """An open collection. All methods may be called from any thread."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.config: Config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        self._life = SharedLock()
        self._writing = threading.Lock()
        self._operations = 0
        self._dirty = False
        self._shard: edge.EdgeShard | None = edge.EdgeShard.load(str(folder / SHARD_FOLDER))

    @contextmanager
    def shard(self) -> Iterator[edge.EdgeShard]:
        """Give the shard for reading; it stays open meanwhile."""
        with self._life.shared():
            if self._shard is None:
                raise not_found(f"Collection `{self.name}` doesn't exist!")
            yield self._shard

    def write(self, operation: edge.UpdateOperation) -> int:
        """Apply an operation. When this returns, it survives the process being killed.

        The engine appends it to its write-ahead log (a shared file mapping, so the kernel has it
        at once) before it answers. `flush` is what makes it survive a power cut.
        """
        with self.shard() as shard, self._writing:
            self._operations += 1
            self._dirty = True
            shard.update(operation)
            return self._operations

    def flush(self) -> None:
        """Write to disk what has changed since the last time."""
        try:
            with self.shard() as shard, self._writing:
                if self._dirty:
                    shard.flush()
                    self._dirty = False
        except ApiError:
            return  # closed in the meantime, and closing flushes

    @contextmanager
    def still(self) -> Iterator[Path]:
        """Give the folder, flushed, with no write going on: for copying. Reads go on."""
        with self.shard() as shard, self._writing:
            shard.flush()
            self._dirty = False
            yield self.folder

    def change_config(self, changes: Config) -> None:
        """Merge changes into the stored configuration."""
        with self.shard(), self._writing:
            config = dict(self.config)
            for name, value in changes.items():
                old = config.get(name)
                if isinstance(old, dict) and isinstance(value, dict):
                    config[name] = {**old, **value}
                else:
                    config[name] = value
            write_config(self.folder, config)
            self.config = config

    def close(self) -> None:
        """Flush and close the shard, once whoever uses it is done. A second call does nothing."""
        with self._life.alone():
            if self._shard is not None:
                self._shard.flush()
                self._shard.close()
                self._shard = None

    def info(self) -> dict[str, Any]:
        """What GET /collections/{name} says."""
        config = self.config
        with self.shard() as shard:
            found = shard.info()
            vectors = self._count_vectors(shard, found.points_count)
        params = {
            "vectors": config["vectors"],
            "shard_number": 1,
            "replication_factor": 1,
            "write_consistency_factor": 1,
            "on_disk_payload": config["on_disk_payload"],
        }
        if config["sparse_vectors"]:
            params["sparse_vectors"] = config["sparse_vectors"]
        return {
            "status": "green",
            "optimizer_status": "ok",
            "vectors_count": vectors,
            "indexed_vectors_count": found.indexed_vectors_count,
            "points_count": found.points_count,
            "segments_count": found.segments_count,
            "config": {
                "params": params,
                "hnsw_config": config["hnsw_config"],
                "optimizer_config": config["optimizers_config"],
                "wal_config": config["wal_config"],
                "quantization_config": config["quantization_config"],
            },
            "payload_schema": {
                name: {
                    "data_type": str(index.data_type).rsplit(".", 1)[-1].lower(),
                    "points": index.points,
                }
                for name, index in found.payload_schema.items()
            },
        }

    def _count_vectors(self, shard: edge.EdgeShard, points: int) -> int:
        vectors = self.config["vectors"]
        if isinstance(vectors.get("size"), int) and not self.config["sparse_vectors"]:
            return points
        names = [""] if isinstance(vectors.get("size"), int) else list(vectors)
        names += list(self.config["sparse_vectors"])
        return sum(
            shard.count(
                edge.CountRequest(
                    exact=True, filter=edge.Filter(must=[edge.HasVectorCondition(name)])
                )
            )
            for name in names
        )
