"""How Redis' data are copied and put back: which commands and containers, in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ansible.module_utils.groundwork.data import redis as data
from ansible.module_utils.groundwork.data.model import Checkpoint
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.services import ProbeError

from .engine_of_stores import Engine, done, store

CHECKED = """[offset 0] Checking RDB file /copy/redis/dump.rdb
[offset 27] AUX FIELD redis-ver = '7.0.15'
[offset 85] Selecting DB ID 0
[offset 990] Selecting DB ID 7
[offset 1500] Checksum OK
[offset 1500] \\o/ RDB looks OK! \\o/
[info] 30 keys read
[info] 5 expires
[info] 1 already expired
REDIS0010
abc123  -
1500
"""
FACTS = {"keys": 30, "keys_with_ttl": 5, "databases": [0, 7]}
IDLE = "rdb_bgsave_in_progress:0\r\nrdb_last_bgsave_status:ok\r\naof_rewrite_in_progress:0\r\n"
KEYSPACE = "db0:keys=20,expires=3,avg_ttl=9\r\ndb7:keys=9,expires=1,avg_ttl=1\r\n"
SAVED = Checkpoint(
    kind="redis",
    version="7.4.1",
    files={"dump.rdb": "abc123"},
    details={"rdb_version": 12},
    facts=FACTS,
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a live server answers, in turn; what it was asked takes its place."""
    answers: list[Any] = []
    answers.append([])

    @contextmanager
    def session(service: Any, at: Any, secret: str, timeout: float) -> Iterator[Callable[..., str]]:
        assert secret == "secret"

        def ask(*words: str) -> str:
            answers[0].append(" ".join(words))
            answer = answers.pop(1)
            if isinstance(answer, Exception):
                raise answer
            return str(answer)

        yield ask

    monkeypatch.setattr(data.server, "session", session)
    monkeypatch.setattr(data.time, "sleep", lambda seconds: None)
    return answers


def info(loaded: int = 30, keyspace: str = KEYSPACE) -> Any:
    """What the server on the new volume says, once it is up."""
    return done(0, f"rdb_last_load_keys_loaded:{loaded}\r\n{keyspace}")


def fill(engine: Engine, **change: Any) -> None:
    data.TYPE.fill(store(engine, "redis", **change), SAVED, "kept", "redis", {"redis": "new"})


def test_a_copy_needs_what_is_in_memory(server: list[Any]) -> None:
    server.append("# Memory\r\nused_memory:12345\r\nused_memory_human:12K\r\n")
    assert data.TYPE.bytes_needed(store(Engine(), "redis")) == 12345


def test_a_checkpoint_is_a_save_that_began_now(server: list[Any]) -> None:
    running = IDLE.replace("in_progress:0", "in_progress:1", 1)
    server += ["redis_version:7.0.15\r\n", running, IDLE, "Background saving started"]
    server += [running, IDLE]
    engine = Engine(jobs=[done(stdout=CHECKED)])
    made = data.TYPE.checkpoint(store(engine, "redis"), "kept", "redis")
    wait = "INFO persistence"
    assert server == [["INFO server", wait, wait, "BGSAVE", wait, wait]]
    assert (made.version, made.bytes, made.files) == ("7.0.15", 1500, {"dump.rdb": "abc123"})
    assert (made.facts, made.details) == (FACTS, {"rdb_version": 10})
    (job,) = engine.begun()
    assert "source=live,target=/data,readonly" in job
    assert "--network none" in job


def test_another_save_that_came_first_is_waited_for(server: list[Any]) -> None:
    busy = [
        ProbeError("ERR Background save already in progress", code="ERR"),
        ProbeError("ERR Another child process is active (AOF?): can't BGSAVE right now."),
    ]
    server += ["", IDLE, busy[0], IDLE, busy[1], IDLE, "Background saving started", IDLE]
    data.TYPE.checkpoint(store(Engine(jobs=[done(stdout=CHECKED)]), "redis"), "kept", "redis")
    assert server[0].count("BGSAVE") == 3


def test_a_save_that_failed_is_told_and_nothing_copied(server: list[Any]) -> None:
    server += ["", IDLE, "Background saving started", IDLE.replace(":ok", ":err")]
    engine = Engine()
    with pytest.raises(GroundworkError, match="BGSAVE failed") as caught:
        data.TYPE.checkpoint(store(engine, "redis"), "kept", "redis")
    assert caught.value.details == ["the log's last line"]
    assert engine.begun() == []


def test_a_server_that_refuses_is_told(server: list[Any]) -> None:
    server.append(ProbeError("WRONGPASS invalid username-password pair", permanent=True))
    with pytest.raises(GroundworkError, match="can't be asked: WRONGPASS"):
        data.TYPE.bytes_needed(store(Engine(), "redis"))


def test_a_new_volume_is_filled_and_proven() -> None:
    engine = Engine(jobs=[done(), info(), done()])
    fill(engine, settings={"databases": ["32"], "maxmemory": ["1mb"]})
    (container,) = engine.begun()
    copied, served, ended = (" ".join(each) for each in engine.asked if each[0] == "exec")
    assert "source=kept,target=/copy,readonly" in container
    assert "--network none" in container and "--memory 1g" in container
    assert copied.endswith("sh redis abc123")
    assert "--databases 32" in served
    assert served.index("--maxmemory 1mb") < served.index("--maxmemory 0")
    assert "--port 0" in served
    assert "SHUTDOWN" in ended
    assert "live" not in str(engine.asked)
    assert "secret" not in str(engine.asked)
    assert engine.nothing_left()


@pytest.mark.parametrize(
    ("engine", "what"),
    [
        (Engine(jobs=[done(22)]), "is damaged: its files"),
        (Engine(jobs=[done(23, "Unexpected EOF reading RDB file")]), "can't read its file"),
        (
            Engine(jobs=[done(23, "Can't handle RDB format version 12")]),
            r"made by Redis 7\.4\.1, whose files \(12\) the image image can't read",
        ),
        (Engine(jobs=[done(), done(1, stderr="its log")]), "doesn't start"),
        (Engine(jobs=[done(), info(0)]), "doesn't have all"),
        (Engine(jobs=[done(), info(30, "")]), "doesn't have all"),
        (Engine(jobs=[done(), info(), done(1, stderr="its log")]), "in order"),
        (Engine(volumes=("kept",)), "volume new is gone"),
    ],
)
def test_what_goes_wrong_is_told_and_nothing_stays(engine: Engine, what: str) -> None:
    with pytest.raises(GroundworkError, match=what) as caught:
        fill(engine)
    assert "as they were" in caught.value.next_step
    assert engine.nothing_left()
