"""What keeps the lock of a run on another machine: renewed, freed and logged however it ends."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils.groundwork.locking import lease
from ansible.module_utils.groundwork.locking.audit_log import started, tail
from ansible.module_utils.groundwork.locking.heartbeat import (
    TAKEN_OVER,
    RunWatch,
    keep,
    report,
    wait,
)
from ansible.module_utils.groundwork.locking.lease import holder, process_start, take


@pytest.fixture
def run() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run over SSH themselves."""
    monkeypatch.setattr(lease, "commands_left", lambda pid: 0)


CLAIM = {"run": "ada", "who": "ada", "where": "laptop", "revision": "1234"}


def watch_of(run: subprocess.Popen[bytes], directory: Path, every: float = 0.1) -> RunWatch:
    (directory / "told").touch()
    lock, log = str(directory / "lock"), str(directory / "log")
    take(directory / "lock", CLAIM)
    entry = started(CLAIM, "today", "staging.yml", [])
    return RunWatch(run.pid, process_start(run.pid), entry, lock, log, directory / "told", every)


def serve(program: ModuleType, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = program.serve(asked)
    return answer


def start(watch: RunWatch, ask: Any = serve) -> threading.Thread:
    thread = threading.Thread(target=keep, args=(watch, ask))
    thread.start()
    return thread


def test_a_run_that_says_it_has_ended_frees_the_lock_and_is_in_the_log(run, tmp_path) -> None:
    watch = watch_of(run, tmp_path)
    thread = start(watch)
    watch.outcome.write_text('{"result": "ok", ')  # in the middle of it
    time.sleep(0.5)
    assert holder(tmp_path / "lock")
    report(watch.outcome, {"result": "ok", "changed": ["Stack: up"]})
    assert wait([watch.outcome], 10)
    thread.join(10)
    assert holder(tmp_path / "lock") is None
    (line,) = tail(tmp_path / "log", 5)
    assert (line["who"], line["result"], line["changed"]) == ("ada", "ok", ["Stack: up"])


def test_a_killed_run_frees_the_lock_and_is_in_the_log_without_an_end(run, tmp_path) -> None:
    watch = watch_of(run, tmp_path)
    thread = start(watch)
    run.kill()
    run.wait()
    thread.join(10)
    assert holder(tmp_path / "lock") is None
    (line,) = tail(tmp_path / "log", 5)
    assert (line["result"], "changed" in line) == ("interrupted", False)


def test_the_last_command_of_a_killed_run_is_waited_for(
    run, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [1]
    monkeypatch.setattr(lease, "commands_left", lambda pid: len(left))
    watch = watch_of(run, tmp_path)
    thread = start(watch)
    run.kill()
    run.wait()
    time.sleep(2)
    assert holder(tmp_path / "lock")
    left.clear()
    thread.join(10)
    assert holder(tmp_path / "lock") is None
    assert len(tail(tmp_path / "log", 5)) == 1


def test_a_run_whose_lock_was_taken_over_is_stopped(run, tmp_path) -> None:
    watch = watch_of(run, tmp_path)
    (tmp_path / "lock").write_text("")
    take(tmp_path / "lock", CLAIM | {"run": "bob"})
    start(watch).join(10)
    assert run.wait(10) == -TAKEN_OVER
    assert not watch.outcome.exists(), "that is how the run knows whose lock it was"
    held = holder(tmp_path / "lock")
    assert held
    assert held.run == "bob"
    assert tail(tmp_path / "log", 5)[0]["result"] == "interrupted"


def test_a_run_that_ended_while_the_machine_was_asked_is_logged_and_not_stopped(
    run, tmp_path
) -> None:
    watch = watch_of(run, tmp_path)
    (tmp_path / "lock").write_text("")
    take(tmp_path / "lock", CLAIM | {"run": "bob"})

    def slow(program: ModuleType, what: Mapping[str, Any]) -> Mapping[str, Any]:
        if what.get("do") == "renew":
            report(watch.outcome, {"result": "ok"})
        return serve(program, what)

    start(watch, slow).join(10)
    assert run.poll() is None
    assert [each["result"] for each in tail(tmp_path / "log", 5)] == ["ok"]
    held = holder(tmp_path / "lock")
    assert held and held.run == "bob"


def test_a_machine_that_does_not_answer_is_asked_again(run, tmp_path) -> None:
    watch = watch_of(run, tmp_path)
    asked: list[str] = []

    def sometimes(program: ModuleType, what: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(str(what))
        if len(asked) % 2:
            raise OSError
        return serve(program, what)

    thread = start(watch, sometimes)
    time.sleep(1)
    assert run.poll() is None
    report(watch.outcome, {"result": "ok"})
    thread.join(10)
    assert holder(tmp_path / "lock") is None
    assert [run["result"] for run in tail(tmp_path / "log", 5)] == ["ok"]


def test_a_machine_that_is_gone_ends_the_guard_too(run, tmp_path) -> None:
    watch = watch_of(run, tmp_path)

    def never(program: ModuleType, what: Mapping[str, Any]) -> Mapping[str, Any]:
        raise OSError

    thread = start(watch, never)
    run.kill()
    run.wait()
    thread.join(10)
    assert not thread.is_alive()
    assert not watch.outcome.exists()
