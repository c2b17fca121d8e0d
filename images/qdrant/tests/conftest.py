"""The real gateway as a process on a free loopback port, with a storage of its own."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from qdrant_client import QdrantClient

SOURCE = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Gateway:
    """A gateway process; `start` may be called again on the same storage."""

    def __init__(self, storage: Path, **env: str) -> None:
        self.storage = storage
        self.env = env
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = storage.parent / f"{storage.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def spawn(self) -> subprocess.Popen[bytes]:
        env = {key: value for key, value in os.environ.items() if not key.startswith("QDRANT_")}
        env |= {
            "PYTHONPATH": str(SOURCE),
            "GROUNDWORK_QDRANT_CONFIG": str(self.storage.parent / "config"),
            "QDRANT__SERVICE__HOST": "127.0.0.1",
            "QDRANT__SERVICE__HTTP_PORT": str(self.port),
            "QDRANT__STORAGE__STORAGE_PATH": str(self.storage),
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway"], env=env | self.env, stdout=log, stderr=log
            )
        return self._process

    def start(self, verify: ssl.SSLContext | None = None) -> Gateway:
        """`verify`: it speaks HTTPS."""
        if verify:
            self.url = f"https://127.0.0.1:{self.port}"
        process = self.spawn()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if httpx.get(f"{self.url}/readyz", verify=verify or True).status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        pytest.fail(f"the gateway did not become ready:\n{self.log()}")

    def log(self) -> str:
        return self._log.read_text()

    def kill(self) -> None:
        """As the kernel does when memory runs out: no chance to flush."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """As `docker stop` does."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(timeout=PATIENCE_SECONDS)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def client(self, **more: Any) -> QdrantClient:
        return QdrantClient(url=self.url, check_compatibility=False, timeout=20, **more)

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return httpx.request(method, self.url + path, json=body, timeout=20, **more)


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One for all tests that don't stop it."""
    running = Gateway(tmp_path_factory.mktemp("gateway") / "storage of all").start()
    yield running
    running.close()


@pytest.fixture
def make_gateway(tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    """One for a test that kills, stops or configures it. Not started yet."""
    made: list[Gateway] = []

    def make(**env: str) -> Gateway:
        made.append(Gateway(tmp_path / "storage", **env))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def client(gateway: Gateway) -> QdrantClient:
    return gateway.client()


@pytest.fixture
def collection(client: QdrantClient, request: pytest.FixtureRequest) -> Iterator[str]:
    """A collection of four points on a line, taken away afterwards."""
    from qdrant_client import models

    name = request.node.name[:60].replace("/", "-").replace(":", "-")
    client.create_collection(
        name, vectors_config=models.VectorParams(size=2, distance=models.Distance.EUCLID)
    )
    client.upsert(
        name,
        [
            models.PointStruct(
                id=number,
                vector=[float(number), 0.0],
                payload={"n": number, "city": "Bonn" if number % 2 else "Wien"},
            )
            for number in (1, 2, 3, 4)
        ],
    )
    yield name
    client.delete_collection(name)
