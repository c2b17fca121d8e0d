"""Apps that write all the time, and read their .env again when the service refuses them.

Each has a thread and a connection of its own, as a pool in an app does. Every write that a service
confirmed is counted; afterwards each has to be there. Every error is noted with its time.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dotenv
import psycopg
import redis
from qdrant_client import QdrantClient, models

from .clients import App


@dataclass(frozen=True)
class Failure:
    """A write that failed. `began` and `ended` are times of the wall clock."""

    began: float
    ended: float
    words: str


class Writer(ABC):
    """One app. `confirmed` are the numbers that the service took."""

    pause = 0.02  # seconds between two writes

    def __init__(self, env_file: Path) -> None:
        self.env_file = env_file
        self.confirmed: list[int] = []
        self.failures: list[Failure] = []
        self.reread: list[float] = []  # when it found another file there than before
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.env = self._read()

    def _read(self) -> dict[str, str]:
        return {k: v or "" for k, v in dotenv.dotenv_values(self.env_file).items()}

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=30)
        assert not self._thread.is_alive()
        self.close()

    def _work(self) -> None:
        number = 0
        while not self._stop.wait(self.pause):
            number += 1
            began = time.time()
            try:
                self.write(number)
            except Exception as error:  # whatever a client library raises is a failed write
                self.failures.append(
                    Failure(began, time.time(), f"{type(error).__name__}: {error}")
                )
                self.close()
                env = self._read()
                if env != self.env:
                    self.env = env
                    self.reread.append(time.time())
            else:
                self.confirmed.append(number)

    @abstractmethod
    def write(self, number: int) -> None:
        """Write a number and wait until the service confirms it."""

    @abstractmethod
    def close(self) -> None:
        """Give the connection up."""

    @abstractmethod
    def written(self) -> set[int]:
        """All numbers that the service has."""


class PostgresWriter(Writer):
    def __init__(self, env_file: Path) -> None:
        super().__init__(env_file)
        self.connection: psycopg.Connection | None = None
        with App(env_file).postgres() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS rotation (number int)")

    def write(self, number: int) -> None:
        if self.connection is None:
            url = self.env["DATABASE_URL"]
            self.connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
        self.connection.execute("INSERT INTO rotation VALUES (%s)", [number])

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def written(self) -> set[int]:
        with App(self.env_file).postgres() as connection:
            return {row[0] for row in connection.execute("SELECT number FROM rotation")}


class RedisWriter(Writer):
    connection: Any = None

    def write(self, number: int) -> None:
        if self.connection is None:
            self.connection = redis.Redis.from_url(self.env["REDIS_URL"], socket_timeout=5)
        self.connection.sadd("rotation", number)

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def written(self) -> set[int]:
        return {int(word) for word in App(self.env_file).redis().smembers("rotation")}


class QdrantWriter(Writer):
    def __init__(self, env_file: Path) -> None:
        super().__init__(env_file)
        self.client: QdrantClient | None = None
        client = App(env_file).qdrant()
        if not client.collection_exists("rotation"):
            vectors = models.VectorParams(size=2, distance=models.Distance.DOT)
            client.create_collection("rotation", vectors_config=vectors)
        client.close()

    def write(self, number: int) -> None:
        if self.client is None:
            url, key = self.env["QDRANT_URL"], self.env["QDRANT_API_KEY"]
            self.client = QdrantClient(url=url, api_key=key, timeout=5, check_compatibility=False)
        point = models.PointStruct(id=number, vector=[1.0, 2.0], payload={})
        self.client.upsert("rotation", [point], wait=True)

    def close(self) -> None:
        if self.client is not None:
            self.client.close()
        self.client = None

    def written(self) -> set[int]:
        points, _ = App(self.env_file).qdrant().scroll("rotation", limit=1_000_000)
        return {int(point.id) for point in points}


WRITERS: dict[str, Callable[[Path], Writer]] = {
    "postgres": PostgresWriter,
    "redis": RedisWriter,
    "qdrant": QdrantWriter,
}
