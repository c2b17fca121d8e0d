"""Looks at the services from outside, as an app does: with the addresses from its own .env."""

from __future__ import annotations

import ssl
from pathlib import Path

import dotenv
import psycopg
import redis
from qdrant_client import QdrantClient, models

COLLECTION = "survives"


class App:
    """An app that reads its env file anew each time it connects."""

    def __init__(self, env_file: Path) -> None:
        self.env_file = env_file

    def _env(self, name: str) -> str:
        value = dotenv.dotenv_values(self.env_file)[name]
        assert value
        return value

    def postgres(self) -> psycopg.Connection:
        return psycopg.connect(self._env("DATABASE_URL"), autocommit=True, connect_timeout=5)

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self._env("REDIS_URL"), decode_responses=True)

    def qdrant(self) -> QdrantClient:
        return QdrantClient(
            url=self._env("QDRANT_URL"),
            api_key=self._env("QDRANT_API_KEY"),
            check_compatibility=False,
        )

    def write(self, word: str) -> None:
        """Leave a word in all three."""
        with self.postgres() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS survives (word text)")
            connection.execute("INSERT INTO survives VALUES (%s)", [word])
        self.redis().set("survives", word)
        qdrant = self.qdrant()
        if not qdrant.collection_exists(COLLECTION):
            vectors = models.VectorParams(size=2, distance=models.Distance.COSINE)
            qdrant.create_collection(COLLECTION, vectors_config=vectors)
        point = models.PointStruct(id=1, vector=[0.6, 0.8], payload={"word": word})
        qdrant.upsert(COLLECTION, [point], wait=True)

    def read(self) -> list[str]:
        """The word that each of the three has."""
        with self.postgres() as connection:
            row = connection.execute("SELECT word FROM survives ORDER BY ctid DESC").fetchone()
        (point,) = self.qdrant().retrieve(COLLECTION, [1])
        payload = point.payload or {}
        return [row[0] if row else "", str(self.redis().get("survives")), payload["word"]]

    def forget(self) -> None:
        """Remove what `write` left."""
        with self.postgres() as connection:
            connection.execute("DROP TABLE IF EXISTS survives")
        self.redis().delete("survives")
        self.qdrant().delete_collection(COLLECTION)


class SecureApp(App):
    """An app that verifies all three by the CA's file, which its env file names too."""

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(
            self._env("REDIS_URL"),
            ssl_ca_certs=self._env("REDIS_CA_FILE"),
            ssl_check_hostname=True,
            decode_responses=True,
        )

    def qdrant(self) -> QdrantClient:
        return QdrantClient(
            url=self._env("QDRANT_URL"),
            api_key=self._env("QDRANT_API_KEY"),
            verify=ssl.create_default_context(cafile=self._env("QDRANT_CA_FILE")),
            check_compatibility=False,
        )
