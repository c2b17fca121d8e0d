"""The run's lock: one holder, named to the others, void when its run is gone."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.locking import lease
from ansible.module_utils.groundwork.locking.lease import (
    commands_left,
    holder,
    leave,
    process_parent,
    process_start,
    renew,
    serve,
    take,
)
from ordinary_user import NOBODY, as_ordinary_user


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.communicate()


def run_of(pid: int) -> dict[str, Any]:
    """A run on this machine."""
    known = {"run": f"here/{pid}", "who": "ada", "where": "here", "revision": "1234"}
    return known | {"process": pid, "started": process_start(pid)}


def visit(name: str) -> dict[str, Any]:
    """A run that comes over a connection."""
    return {"run": name, "who": name, "where": "laptop", "revision": "1234"}


def test_a_second_run_is_told_who_holds_it(tmp_path: Path, other) -> None:
    lock = tmp_path / "infra" / ".lock"
    take(lock, run_of(other.pid))
    held = take(lock, run_of(os.getpid())).holder
    assert held is not None
    assert (held.process, held.who, held.revision) == (other.pid, "ada", "1234")


def test_the_same_run_may_take_it_twice(tmp_path: Path) -> None:
    assert not take(tmp_path / ".lock", run_of(os.getpid())).kept
    taken = take(tmp_path / ".lock", run_of(os.getpid()))
    assert taken.kept
    assert taken.holder is None


def test_a_lock_of_a_process_that_is_gone_is_taken_over(tmp_path: Path) -> None:
    done = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    take(tmp_path / ".lock", run_of(done.pid))
    done.communicate()
    assert holder(tmp_path / ".lock") is None
    assert take(tmp_path / ".lock", run_of(os.getpid())).holder is None
    assert str(os.getpid()) in (tmp_path / ".lock").read_text()
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_process_number_used_again_is_not_the_owner(tmp_path: Path, other) -> None:
    lock = tmp_path / ".lock"
    take(lock, run_of(other.pid))
    lock.write_text(lock.read_text().replace('"started": "', '"started": "long ago '))
    assert take(lock, run_of(os.getpid())).holder is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', "\0\0"])
def test_a_broken_lock_is_in_nobodys_way(tmp_path: Path, text: str) -> None:
    (tmp_path / ".lock").write_text(text)
    assert holder(tmp_path / ".lock") is None
    assert take(tmp_path / ".lock", run_of(os.getpid())).holder is None
    assert holder(tmp_path / ".lock") is not None


def test_of_many_at_once_one_wins(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib, os; sys.path.insert(0, sys.argv[1])\n"
        "from groundwork.locking.lease import take, process_start\n"
        "me = os.getpid()\n"
        "claim = {'run': str(me), 'who': 'x', 'where': 'y', 'revision': '', 'process': me,\n"
        "         'started': process_start(me)}\n"
        "print('lost' if take(pathlib.Path(sys.argv[2]), claim).holder else 'won')\n"
        "sys.stdout.flush(); input()\n"
    )
    core = str(Path(take.__code__.co_filename).parents[2])
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", script, core, str(tmp_path / ".lock")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    said = sorted(run.stdout.readline().strip() for run in runs)
    for run in runs:
        run.communicate("\n")
    assert said == ["lost"] * 5 + ["won"]


def test_of_many_again_and_again_never_two_have_it(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib, os; sys.path.insert(0, sys.argv[1])\n"
        "from groundwork.locking.lease import take, leave\n"
        "directory = pathlib.Path(sys.argv[2]); me = str(os.getpid()); won = 0\n"
        "claim = {'run': me, 'who': me, 'where': 'y', 'revision': ''}\n"
        "input()\n"
        "for _ in range(600):\n"
        "    if take(directory / 'lock', claim).holder is None:\n"
        "        (directory / 'mine').touch(exist_ok=False)\n"
        "        (directory / 'mine').unlink()\n"
        "        leave(directory / 'lock', me); won += 1\n"
        "print(won)\n"
    )
    core = str(Path(take.__code__.co_filename).parents[2])
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", script, core, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for run in runs:
        assert run.stdin
        run.stdin.write("\n")
        run.stdin.flush()
    won = [int(run.communicate(timeout=60)[0] or 0) for run in runs]
    assert [run.returncode for run in runs] == [0] * 4
    assert sum(won) > 0


def test_a_lease_holds_until_it_runs_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, start = tmp_path / "lock", lease.uptime()
    assert take(lock, visit("ada")).holder is None
    monkeypatch.setattr(lease, "uptime", lambda: start + lease.LEASE - 5)
    assert take(lock, visit("bob")).holder is not None
    assert renew(lock, "ada")
    monkeypatch.setattr(lease, "uptime", lambda: start + lease.LEASE + 5)
    assert take(lock, visit("bob")).holder is not None
    monkeypatch.setattr(lease, "uptime", lambda: start + 3 * lease.LEASE)
    assert take(lock, visit("bob")).holder is None
    assert not renew(lock, "ada")


def test_a_lease_of_an_earlier_boot_is_void(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(tmp_path / "lock", visit("ada"))
    monkeypatch.setattr(lease, "boot", lambda: "another")
    assert holder(tmp_path / "lock") is None
    assert take(tmp_path / "lock", visit("bob")).holder is None


def test_only_its_own_run_frees_a_lock(tmp_path: Path) -> None:
    take(tmp_path / "lock", visit("ada"))
    leave(tmp_path / "lock", "bob")
    assert holder(tmp_path / "lock") is not None
    leave(tmp_path / "lock", "ada")
    assert holder(tmp_path / "lock") is None


def test_the_parent_of_a_process_is_known(other) -> None:
    assert process_parent(other.pid) == os.getpid()


def test_what_a_connection_left_behind_is_counted(tmp_path: Path) -> None:
    def process(pid: int, parent: int, name: str, state: str = "S") -> None:
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} ({name}) {state} {parent} 1 1")

    process(1, 0, "systemd")
    process(10, 1, "sshd")
    process(11, 10, "sshd-session")
    for pid, parent, name in ((20, 11, "sh"), (21, 20, "sudo"), (22, 21, "python3")):
        process(pid, parent, name)
    assert commands_left(22, tmp_path) == 0
    process(30, 11, "sh", "Z")
    process(40, 10, "sshd-session")
    process(41, 40, "a (shell) of another")
    assert commands_left(22, tmp_path) == 0
    process(50, 11, "sh")
    process(51, 50, "dpkg")
    assert commands_left(22, tmp_path) == 1
    assert commands_left(1, tmp_path) == 0


def test_another_machines_python_needs_nothing_but_the_text_of_the_file(tmp_path: Path) -> None:
    lock = str(tmp_path / "run" / "lock")
    take_it = {"do": "take", "path": lock, "claim": visit("ada")}
    leave_it = {"do": "leave", "path": lock, "run": "ada"}
    for asked in (take_it, leave_it):
        text = inspect.getsource(lease) + f"\nprint(json.dumps(serve({asked!r})))\n"
        done = subprocess.run(
            [sys.executable, "-I", "-"], input=text, capture_output=True, text=True, check=True
        )
        assert isinstance(json.loads(done.stdout), dict)
    assert serve({"do": "inspect", "path": lock}) == {"holder": None}


@pytest.mark.skipif(os.geteuid() != 0, reason="runs as root in a person's directory")
def test_a_run_as_root_leaves_a_lock_that_the_directories_owner_can_take(tmp_path: Path) -> None:
    path = tmp_path / "work" / "infra" / ".lock"

    def taken(run: str) -> bool:
        return take(path, {"run": run, "who": "x", "where": "y", "revision": ""}).holder is None

    os.chown(tmp_path, NOBODY, NOBODY)
    assert taken("root's")
    leave(path, "root's")
    assert {each.stat().st_uid for each in (path, path.parent)} == {NOBODY}
    assert as_ordinary_user(tmp_path, lambda: taken("theirs"))
