"""The lock and the log, as the machine answers and as the modules return it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.locking import audit_log, lease
from ansible.module_utils.groundwork.locking.results import (
    LeaseAnswer,
    LockHolder,
    LockResult,
    LoggedRun,
    RunsResult,
    SchemaMove,
)

ADA = {"run": "1", "who": "ada", "where": "laptop", "revision": "12"}


def asked(lock: Path, do: str, **more: Any) -> LeaseAnswer:
    return LeaseAnswer.from_dict(lease.serve({"do": do, "path": str(lock), **more}))


def test_each_answer_of_the_lease_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "lock"
    assert asked(lock, "take", claim=ADA) == LeaseAnswer()
    assert asked(lock, "take", claim=ADA) == LeaseAnswer(kept=True)
    held = asked(lock, "take", claim=ADA | {"run": "2"}).holder
    assert held is not None and held == asked(lock, "inspect").holder
    assert (held.run, held.who, held.where, held.revision) == ("1", "ada", "laptop", "12")
    assert held.since and not held.process
    assert asked(lock, "renew", run="1") == LeaseAnswer(held=True)
    assert asked(lock, "renew", run="2") == LeaseAnswer(held=False)
    monkeypatch.setattr(lease, "commands_left", lambda pid: 1)
    assert asked(lock, "leave", run="1", patient=True) == LeaseAnswer(busy=True)
    assert asked(lock, "leave", run="1") == LeaseAnswer()
    assert asked(lock, "inspect") == LeaseAnswer()


def test_a_run_of_the_log_is_read_with_and_without_an_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    start = audit_log.started(ADA, "noon", "staging.yml", ["services: redis is missing"])
    done = {"result": "ok", "changed": ["Stack: up"], "seconds": 2.5, "stopped": "",
            "schema": {"before": "a", "after": "b"}}  # fmt: skip
    audit_log.append(log, start)
    audit_log.append(log, audit_log.ended(start, done))
    audit_log.append(log, start | {"run": "2"})
    found = RunsResult.from_dict(audit_log.serve({"path": str(log), "count": 5}))
    last, first = found.runs
    assert (last.run, last.result, last.seconds) == ("2", "interrupted", None)
    assert first == LoggedRun(
        *("ok", "1", "noon", "ada", "laptop", "staging.yml", "12"),
        ("services: redis is missing",), 2.5, ("Stack: up",), SchemaMove("a", "b"),
    )  # fmt: skip
    assert RunsResult.from_dict(found.to_dict()) == found


def test_the_run_that_goes_on_was_not_interrupted() -> None:
    now, ended = LoggedRun("interrupted", "2"), LoggedRun("ok", "2")
    old = LoggedRun("interrupted", "1")
    holder = LockHolder("2")
    assert RunsResult(holder, (now, ended, old)).over(5).runs == (ended, old)
    assert RunsResult(holder, (now, ended, old)).over(1) == RunsResult(holder, (ended,))
    assert RunsResult(None, (now, old)).over(5).runs == (now, old)
    # An older release's line names no run
    assert RunsResult(None, (LoggedRun("interrupted"),)).over(5).runs


def test_a_result_of_the_lock_says_both_or_nothing() -> None:
    assert LockResult.from_dict({"changed": False, "msg": "x"}) == LockResult()
    assert LockResult("ada").to_dict() == {"waiting": "ada", "heartbeat": ""}
