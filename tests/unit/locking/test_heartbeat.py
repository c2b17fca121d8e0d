"""What keeps the lock of a run on another machine: renewed, freed and logged however it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.locking import lease
from ansible.module_utils.groundwork.locking.heartbeat import LOST, Watch, guard, report, wait
from ansible.module_utils.groundwork.locking.identity import entry, in_the_way, revision, sentence
from ansible.module_utils.groundwork.locking.lease import holder, process_start, serve, tail, take


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


def watch_of(run: subprocess.Popen[bytes], folder: Path, every: float = 0.1) -> Watch:
    claim = {"run": "ada", "who": "ada", "where": "laptop", "revision": "1234"}
    (folder / "told").mkdir()
    lock, log = str(folder / "lock"), str(folder / "log")
    take(folder / "lock", claim)
    started = process_start(run.pid)
    return Watch(run.pid, started, claim, lock, log, folder / "told", every)


def start(watch: Watch, ask: Any = serve) -> threading.Thread:
    thread = threading.Thread(target=guard, args=(watch, ask))
    thread.start()
    return thread


def test_a_run_that_says_it_has_ended_frees_the_lock_and_is_in_the_log(run, tmp_path) -> None:
    watch = watch_of(run, tmp_path)
    thread = start(watch)
    report(watch.folder, {"at": "today", "playbook": "staging.yml", "changed": ["Stack: start"]})
    time.sleep(0.5)
    assert holder(tmp_path / "lock")
    report(
        watch.folder, {"at": "today", "playbook": "x.yml", "changed": ["Stack: up"], "ended": True}
    )
    assert wait([watch.folder], 10)
    thread.join(10)
    assert holder(tmp_path / "lock") is None
    (line,) = tail(tmp_path / "log", 5)
    assert (line["who"], line["result"], line["changed"]) == ("ada", "ok", ["Stack: up"])


def test_a_killed_run_frees_the_lock_and_is_in_the_log_as_far_as_it_came(run, tmp_path) -> None:
    watch = watch_of(run, tmp_path)
    thread = start(watch)
    report(watch.folder, {"changed": ["Stack: one"]})
    run.kill()
    run.wait()
    thread.join(10)
    assert holder(tmp_path / "lock") is None
    (line,) = tail(tmp_path / "log", 5)
    assert (line["result"], line["changed"]) == ("interrupted", ["Stack: one"])


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
    assert tail(tmp_path / "log", 5) == []
    left.clear()
    thread.join(10)
    assert holder(tmp_path / "lock") is None
    assert len(tail(tmp_path / "log", 5)) == 1


def test_a_run_whose_lock_was_taken_over_is_stopped(run, tmp_path) -> None:
    watch = watch_of(run, tmp_path)
    (tmp_path / "lock").write_text("")
    take(tmp_path / "lock", watch.claim | {"run": "bob"})
    told: list[bool] = []

    def asked(what: Mapping[str, Any]) -> Mapping[str, Any]:
        told.append((watch.folder / LOST).exists())
        return serve(what)

    start(watch, asked).join(10)
    assert run.wait(10) in (-signal.SIGINT, 1, 130)
    assert told == [False, True]
    held = holder(tmp_path / "lock")
    assert held
    assert held.run == "bob"
    assert tail(tmp_path / "log", 5)[0]["result"] == "interrupted"


def test_a_machine_that_does_not_answer_is_asked_again(run, tmp_path) -> None:
    watch = watch_of(run, tmp_path)
    asked: list[str] = []

    def sometimes(what: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(what["do"])
        if len(asked) % 2:
            raise OSError
        return serve(what)

    thread = start(watch, sometimes)
    time.sleep(1)
    assert run.poll() is None
    report(watch.folder, {"ended": True})
    thread.join(10)
    assert holder(tmp_path / "lock") is None
    assert len(tail(tmp_path / "log", 5)) == 1


def test_a_machine_that_is_gone_ends_the_guard_too(run, tmp_path) -> None:
    watch = watch_of(run, tmp_path)

    def never(what: Mapping[str, Any]) -> Mapping[str, Any]:
        raise OSError

    thread = start(watch, never)
    run.kill()
    run.wait()
    thread.join(10)
    assert not thread.is_alive()
    assert not watch.folder.exists()


def test_an_entry_is_short() -> None:
    claim = {"who": "ada", "where": "laptop", "revision": "1"}
    told = {"changed": [f"Stack: {n} {'x' * 500}\nmore" for n in range(100)], "ended": True}
    line = entry(claim, told, 1.26)
    assert len(line["changed"]) == 30
    assert line["changed"][-1] == "and 71 more"
    assert max(map(len, line["changed"])) == 200
    assert line["seconds"] == 1.3
    assert entry(claim, {"ended": True, "stopped": "Stack: x"}, 1)["result"] == "failed"
    assert entry(claim, {}, 1)["result"] == "interrupted"


def test_the_sentence_names_who_from_where_since_when_and_which_revision() -> None:
    owner = {"process": 0, "who": "ada", "where": "laptop", "since": "noon", "revision": "12"}
    said = "ada on laptop, since noon UTC, with revision 12."
    assert said in sentence(owner)
    assert said in str(in_the_way(owner, "/run/lock"))
    assert "process 7 of ada" in sentence(owner | {"process": 7, "revision": ""})


def test_a_checkout_says_its_commit_and_whether_it_was_changed(tmp_path: Path) -> None:
    assert revision(tmp_path / "none") == ""
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(tmp_path), *words], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "--quiet")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git(*identity, "commit", "--quiet", "--message=one")
    commit = git("rev-parse", "HEAD")[:10]
    assert revision(tmp_path) == commit
    (tmp_path / "new").write_text("")
    assert revision(tmp_path) == f"{commit} with changes"
