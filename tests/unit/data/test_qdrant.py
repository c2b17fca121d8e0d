"""How Qdrant's data are copied: what the running server is asked, and which job copies."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import pytest
from ansible.module_utils.groundwork.data.model import Checkpoint
from ansible.module_utils.groundwork.data.qdrant import TYPE
from ansible.module_utils.groundwork.errors import GroundworkError

from .engine_of_stores import Engine, done, store

COPIED = "aa 10\nbb 20\n60\t.\n"


@dataclass
class Live:
    """As the official server answers."""

    counts: dict[str, list[int]] = field(default_factory=lambda: {"Größe 1": [7], "two": [5, 6]})
    snapshots: list[str] = field(default_factory=list)
    failing: dict[str, int] = field(default_factory=dict)  # status by `METHOD end of path`
    port: int = 0

    def answer(self, method: str, path: str, body: str) -> tuple[int, Any]:
        path = path.partition("?")[0]
        for start, status in self.failing.items():
            verb, _, end = start.partition(" ")
            if method == verb and path.endswith(end):
                return status, {"status": {"error": "it fails"}}
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if parts == [""]:
            return 200, {"version": "1.7.4"}
        if parts == ["aliases"]:
            aliases = {"now": "two", "lost": "a collection that came later"}
            listed = [{"alias_name": k, "collection_name": v} for k, v in aliases.items()]
            return 200, {"result": {"aliases": listed}}
        if parts == ["collections"]:
            return 200, {"result": {"collections": [{"name": name} for name in self.counts]}}
        return 200, {"result": self.of(method, parts[1], parts[2:], body)}

    def of(self, method: str, name: str, rest: list[str], body: str) -> Any:
        if rest == ["points", "count"]:
            assert json.loads(body) == {"exact": True}
            counts = self.counts[name]
            return {"count": counts.pop(0) if len(counts) > 1 else counts[0]}
        if rest == ["snapshots"] and method == "GET":
            there = [each for each in self.snapshots if each.startswith(f"{name} ")]
            return [{"name": each, "creation_time": each[-11:]} for each in there]
        if rest == ["snapshots"]:
            self.snapshots.append(f"{name} 1.snapshot")
            return {"name": f"{name} 1.snapshot"}
        if rest:
            assert method == "DELETE"
            self.snapshots.remove(rest[1])
            return True
        return {"config": {"params": {"vectors": {"size": 4}}}, "payload_schema": {}}


@contextmanager
def live(**given: Any) -> Iterator[Live]:
    server = Live(**given)

    class Handler(http.server.BaseHTTPRequestHandler):
        def respond(self) -> None:
            assert self.headers["api-key"] == "secret"
            body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            status, answer = server.answer(self.command, self.path, body)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_DELETE = respond

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        server.port = listening.server_address[1]
        yield server
        listening.shutdown()


def test_a_copy_needs_its_volume_twice() -> None:
    engine = Engine(jobs=[done(stdout="30\t/qdrant/storage\n")], exec_code=126)
    assert TYPE.bytes_needed(store(engine, "qdrant")) == 60 * 1024
    assert "source=live,target=/qdrant/storage,readonly" in engine.begun()[0]


def test_its_own_container_tells_the_size() -> None:
    engine = Engine(inside=lambda words, stdin: "30\t/qdrant/storage\n")
    assert TYPE.bytes_needed(store(engine, "qdrant")) == 60 * 1024
    assert engine.begun() == []


def test_a_checkpoint_has_every_collection_and_leaves_none_on_the_server() -> None:
    engine = Engine(jobs=[done(stdout=COPIED)])
    with live() as server:
        made = TYPE.checkpoint(store(engine, "qdrant", server.port), "kept", "qdrant")
    assert server.snapshots == []
    (job,) = [each for each in engine.asked if each[0] == "run"]
    named = ("Größe 1", "Größe 1 1.snapshot", "0001.snapshot", "two", "two 1.snapshot")
    assert job[-7:] == ("qdrant", *named, "0002.snapshot")
    assert "source=live,target=/qdrant/storage,readonly" in " ".join(job)
    assert made.files == {"0001.snapshot": "aa", "0002.snapshot": "bb"}
    assert made.facts == {"points": {"Größe 1": [7], "two": [5, 6]}}
    assert made.details["aliases"] == {"now": "two"}
    assert (made.version, made.storage_format) == ("1.7.4", "qdrant-edge")
    assert made.bytes == 60 * 1024
    assert "secret" not in str(engine.asked) + str(made)


def test_a_server_without_aliases_has_none() -> None:
    with live(failing={"GET /aliases": 501}) as server:
        engine = Engine(jobs=[done(stdout=COPIED)])
        made = TYPE.checkpoint(store(engine, "qdrant", server.port), "kept", "qdrant")
    assert made.details["aliases"] == {}


@pytest.mark.parametrize(
    ("failing", "job", "what"),
    [
        ({"GET /aliases": 500}, done(stdout=COPIED), "answers 500 to GET /aliases"),
        ({"POST two/snapshots": 507}, done(stdout=COPIED), "answers 507 to POST"),
        ({}, done(1, stderr="No space left"), "can't be copied"),
    ],
)
def test_after_a_failure_none_is_left_on_the_server(
    failing: dict[str, int], job: Any, what: str
) -> None:
    with live(failing=failing) as server:
        engine = Engine(jobs=[job])
        with pytest.raises(GroundworkError, match=what):
            TYPE.checkpoint(store(engine, "qdrant", server.port), "kept", "qdrant")
    assert server.snapshots == []


def test_a_collection_that_goes_meanwhile_is_left_out() -> None:
    with live(failing={"POST two/snapshots": 404}) as server:
        engine = Engine(jobs=[done(stdout="aa 10\n60\t.\n")])
        made = TYPE.checkpoint(store(engine, "qdrant", server.port), "kept", "qdrant")
    assert list(made.files) == ["0001.snapshot"]
    assert [each["name"] for each in made.details["collections"]] == ["Größe 1"]
    assert made.details["aliases"] == {}


def test_of_a_collection_that_comes_meanwhile_nothing_stays_on_the_server() -> None:
    with live(failing={"GET two": 404}) as server:
        engine = Engine(jobs=[done(stdout="aa 10\n60\t.\n")])
        made = TYPE.checkpoint(store(engine, "qdrant", server.port), "kept", "qdrant")
    assert [each["name"] for each in made.details["collections"]] == ["Größe 1"]
    assert server.snapshots == []


def test_a_snapshot_that_stays_is_told() -> None:
    with live(failing={"DELETE .snapshot": 500}) as server:
        engine = Engine(jobs=[done(stdout=COPIED)])
        with pytest.raises(GroundworkError, match="answers 500 to DELETE"):
            TYPE.checkpoint(store(engine, "qdrant", server.port), "kept", "qdrant")


def test_the_other_server_s_snapshots_are_refused_before_anything_begins() -> None:
    engine = Engine()
    saved = Checkpoint(storage_format="qdrant-server", image="qdrant/qdrant:v1.7.4")
    with pytest.raises(GroundworkError, match=r"qdrant-server \(qdrant/qdrant:v1\.7\.4\)") as error:
        TYPE.fill(store(engine, "qdrant"), saved, "kept", "qdrant", {"qdrant": "new"})
    assert "stack_services" in error.value.next_step
    assert engine.asked == []
