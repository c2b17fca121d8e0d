"""Snapshots: there and back, and nothing lost when one is no good."""

from __future__ import annotations

import hashlib
import io
import random
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import QdrantClient
from qdrant_client import models as M


def folder(gateway: Any, name: str) -> Path:
    return Path(gateway.storage / "snapshots" / name)


def test_create_list_download_delete(gateway: Any, client: QdrantClient, collection: str) -> None:
    first, second = client.create_snapshot(collection), client.create_snapshot(collection)
    assert [one.name for one in client.list_snapshots(collection)] == [first.name, second.name]
    content = gateway.call("GET", f"/collections/{collection}/snapshots/{first.name}").content
    assert len(content) == first.size
    assert content == (folder(gateway, collection) / first.name).read_bytes()
    assert client.delete_snapshot(collection, first.name)
    assert [one.name for one in client.list_snapshots(collection)] == [second.name]


def test_recover_in_place(gateway: Any, client: QdrantClient, collection: str) -> None:
    client.create_payload_index(collection, "city", "keyword")
    snapshot = client.create_snapshot(collection)
    client.delete(collection, [1, 2])
    client.upsert(collection, [{"id": 99, "vector": [0, 0]}])  # type: ignore[list-item]
    location = (folder(gateway, collection) / snapshot.name).as_uri()
    assert client.recover_snapshot(collection, location)
    assert [point.id for point in client.scroll(collection)[0]] == [1, 2, 3, 4]
    assert set(client.get_collection(collection).payload_schema) == {"city"}


def test_writes_after_a_recovery_count(
    make_gateway: Callable[..., Any],
) -> None:
    """The engine numbers writes by its log; a snapshot without it loses what comes later."""
    running = make_gateway().start()
    running.call("PUT", "/collections/c", {"vectors": {"size": 1, "distance": "Dot"}})
    for number in range(20):
        point = {"id": 1, "vector": [1], "payload": {"n": number}}
        running.call("PUT", "/collections/c/points", {"points": [point]})
    name = running.call("POST", "/collections/c/snapshots").json()["result"]["name"]
    location = (folder(running, "c") / name).as_uri()
    running.call("PUT", "/collections/d/snapshots/recover", {"location": location})
    running.call("POST", "/collections/d/points/payload", {"payload": {"n": "new"}, "points": [1]})
    for _ in range(2):
        found = running.call("GET", "/collections/d/points/1").json()["result"]
        assert found["payload"] == {"n": "new"}
        running.kill()
        running.start()


def test_upload_makes_a_new_collection(gateway: Any, client: QdrantClient, collection: str) -> None:
    snapshot = client.create_snapshot(collection)
    content = (folder(gateway, collection) / snapshot.name).read_bytes()
    path = "/collections/uploaded/snapshots/upload"
    digest = hashlib.sha256(content).hexdigest()
    files = {"snapshot": ("anything", content)}
    wrong = gateway.call("POST", f"{path}?checksum={'0' * 64}", files=files)
    assert (wrong.status_code, client.collection_exists("uploaded")) == (400, False)
    assert gateway.call(
        "POST", f"{path}?checksum={digest}&priority=snapshot", files=files
    ).is_success
    assert client.count("uploaded").count == 4
    assert client.delete_collection("uploaded")
    assert gateway.call("POST", path, files={"other": b"x"}).status_code == 400
    assert list((gateway.storage / "tmp").iterdir()) == []


def test_an_upload_that_memory_does_not_hold(gateway: Any, client: QdrantClient) -> None:
    client.create_collection("big", vectors_config=M.VectorParams(size=2, distance=M.Distance.DOT))
    text = random.Random(1).randbytes(2_000_000).hex()
    client.upsert("big", [M.PointStruct(id=1, vector=[1, 0], payload={"text": text})], wait=True)
    content = (folder(gateway, "big") / client.create_snapshot("big").name).read_bytes()
    assert len(content) > 1024 * 1024  # from there on, it is a file
    client.delete_collection("big")
    path = f"/collections/big/snapshots/upload?checksum={hashlib.sha256(content).hexdigest()}"
    assert gateway.call("POST", path, files={"snapshot": ("x", content)}).is_success
    assert client.retrieve("big", [1])[0].payload == {"text": text}
    client.delete_collection("big")


def _tar(*entries: tuple[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as tar:
        for name, content in entries:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no tar at all",
        _tar(("config.json", b"{}")),
        _tar(("groundwork.json", b"{}")),
        _tar(("groundwork.json", b"{}"), ("0/../../../escaped", b"x")),
        _tar(("groundwork.json", b"{}"), ("/tmp/escaped", b"x")),
    ],
)
def test_a_file_that_is_no_snapshot_changes_nothing(
    gateway: Any, client: QdrantClient, collection: str, content: bytes
) -> None:
    path = f"/collections/{collection}/snapshots/upload"
    answer = gateway.call("POST", path, files={"snapshot": ("x", content)})
    assert answer.status_code == 400
    assert "not a complete snapshot" in answer.json()["status"]["error"]
    assert client.count(collection).count == 4
    assert not list(gateway.storage.rglob("escaped"))


def test_a_snapshot_that_was_cut_off(gateway: Any, client: QdrantClient, collection: str) -> None:
    snapshot = client.create_snapshot(collection)
    content = (folder(gateway, collection) / snapshot.name).read_bytes()
    files = {"snapshot": ("x", content[: len(content) // 2])}
    answer = gateway.call("POST", f"/collections/{collection}/snapshots/upload", files=files)
    assert answer.status_code == 400
    assert client.count(collection).count == 4


@pytest.mark.parametrize(
    ("location", "status"),
    [
        ("file:///etc/passwd", 403),
        ("file://{snapshots}/../collections", 403),
        ("file://{snapshots}/none", 400),
        ("http://127.0.0.1:1/x", 501),
        ("ftp://x/y", 400),
    ],
)
def test_recovers_only_from_the_snapshots_folder(gateway: Any, location: str, status: int) -> None:
    body = {"location": location.format(snapshots=gateway.storage / "snapshots")}
    answer = gateway.call("PUT", "/collections/c/snapshots/recover", body)
    assert answer.status_code == status, answer.text
    assert gateway.call("GET", "/collections/c").status_code == 404
