"""Qdrant's data: copied from a server that runs, and put back into a new volume."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from ansible.module_utils.groundwork.data import Checkpoint, Job
from ansible.module_utils.groundwork.data.types import data_type
from ansible.module_utils.groundwork.docker import jobs
from ansible.module_utils.groundwork.errors import GroundworkError

from . import copies
from .copies import COPY, DOCKER, NEW, SERVER, checkpoint, fill, shell, source
from .stack import Stack, docker, slot_port

NAMES = ("Grüße & Küsse 100%", "plain")


@pytest.fixture(autouse=True)
def places(stack: Stack) -> Iterator[None]:
    with copies.places(stack):
        yield


@pytest.fixture
def vectors(stack: Stack) -> Iterator[httpx.Client]:
    """500 points in two collections, with an index of their payload."""
    with httpx.Client(
        base_url=stack.qdrant_url, headers={"api-key": stack.qdrant_api_key}, timeout=60
    ) as client:
        for number, name in enumerate(NAMES):
            at = f"/collections/{encoded(name)}"
            vectors = {"size": 4, "distance": "Cosine"}
            client.put(at, json={"vectors": vectors}).raise_for_status()
            index = {"field_name": "city", "field_schema": "keyword"}
            client.put(f"{at}/index?wait=true", json=index).raise_for_status()
            points = [
                {"id": i, "vector": [1, i, number, 3], "payload": {"city": f"Köln {i % 5}"}}
                for i in range(200 + 100 * number)
            ]
            client.put(f"{at}/points?wait=true", json={"points": points}).raise_for_status()
        yield client
        for name in NAMES:
            client.delete(f"/collections/{encoded(name)}")


def encoded(name: str) -> str:
    return quote(name, safe="")


def server_snapshots(client: httpx.Client) -> list[Any]:
    return [
        each
        for name in NAMES
        for each in client.get(f"/collections/{encoded(name)}/snapshots").json()["result"]
    ]


def test_qdrant_comes_back_with_its_points_and_indexes(stack: Stack, vectors: httpx.Client) -> None:
    one = source(stack, "qdrant")
    assert 10_000 < data_type(one.service).bytes_needed(one) < 10**9
    saved = checkpoint(one)
    assert saved.facts["points"] == {NAMES[0]: [200], NAMES[1]: [300]}
    assert server_snapshots(vectors) == []
    fill(one, saved)
    assert shell(one, "ls /copy/snapshots", NEW) == ""
    name, port = SERVER, slot_port(16801)
    mounted = ("--volume", f"{NEW}:/qdrant/storage", "--publish", f"127.0.0.1:{port}:6333")
    docker("run", "--detach", "--name", name, *mounted, one.image)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            for _ in range(2):
                wait_for(client)
                for collection, count in zip(NAMES, (200, 300), strict=True):
                    check_collection(client, vectors, collection, count)
                docker("restart", name)
    finally:
        DOCKER.run("rm", "--force", "--volumes", name)


def check_collection(client: httpx.Client, live: httpx.Client, name: str, count: int) -> None:
    at = f"/collections/{encoded(name)}"
    query = {"vector": [1, 40, 0, 3], "limit": 5, "with_payload": True}
    query["filter"] = {"must": [{"key": "city", "match": {"value": "Köln 2"}}]}
    there, here = (
        each.post(f"{at}/points/search", json=query).json()["result"] for each in (client, live)
    )
    assert there == here and len(here) == 5
    assert client.get(at).json()["result"]["points_count"] == count
    assert client.get(at).json()["result"]["payload_schema"]["city"]["data_type"] == "keyword"


def wait_for(client: httpx.Client) -> None:
    for _ in range(300):
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the server doesn't start")


@pytest.mark.parametrize("again", [False, True], ids=["found by its sum", "found by the server"])
def test_a_cut_snapshot_of_qdrant_is_refused(
    stack: Stack, vectors: httpx.Client, again: bool
) -> None:
    one = source(stack, "qdrant")
    saved = checkpoint(one)
    file = "/copy/qdrant/0001.snapshot"
    digest = shell(one, f"truncate -s -1000 {file}; sha256sum {file}").split()[0]
    if again:
        saved = replace(saved, files={**saved.files, "0001.snapshot": digest})
    what = "answers 400 to PUT" if again else "is damaged"
    with pytest.raises(GroundworkError, match=what):
        fill(one, saved)


def test_a_failed_copy_leaves_no_snapshot_on_the_server(
    stack: Stack, vectors: httpx.Client
) -> None:
    one = source(stack, "qdrant")
    with pytest.raises(GroundworkError, match="can't be copied"):
        data_type(one.service).checkpoint(one, COPY, "a directory that isn't there")
    assert server_snapshots(vectors) == []


def test_the_other_server_s_snapshots_are_refused(stack: Stack) -> None:
    one = source(stack, "qdrant")
    saved = Checkpoint(kind="qdrant", image="qdrant/qdrant:v1.7.4", storage_format="qdrant-server")
    with pytest.raises(GroundworkError, match="made by qdrant-server"):
        fill(one, saved)


def test_what_a_killed_copy_leaves_on_the_server_goes_with_the_next(
    stack: Stack, vectors: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(job: Job, script: str, *arguments: str) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    own = vectors.post(f"/collections/{NAMES[1]}/snapshots").json()["result"]["name"]
    one = source(stack, "qdrant")
    with monkeypatch.context() as patched:
        patched.setattr(Job, "run", run)
        child = os.fork()
        if child == 0:
            try:
                data_type(one.service).checkpoint(one, COPY, "qdrant")
            finally:
                os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert len(server_snapshots(vectors)) == 3
    jobs.clear(DOCKER, one.stack)
    time.sleep(1.1)  # names have seconds
    later = vectors.post(f"/collections/{NAMES[1]}/snapshots").json()["result"]["name"]
    checkpoint(one)
    assert {each["name"] for each in server_snapshots(vectors)} == {own, later}
    assert jobs.places(DOCKER, one.stack) == []
    for each in (own, later):
        vectors.delete(f"/collections/{NAMES[1]}/snapshots/{each}").raise_for_status()
