"""The run's lock: one holder, named to the others, void when its process is gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.runlock import acquire, process_parent


@pytest.fixture
def other() -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.communicate()


def test_a_second_run_is_told_who_holds_it(tmp_path: Path, other) -> None:
    lock = tmp_path / "infra" / ".lock"
    acquire(lock, other.pid)
    with pytest.raises(GroundworkError, match=f"process {other.pid} of .*, since "):
        acquire(lock, os.getpid())


def test_the_same_run_may_take_it_twice(tmp_path: Path) -> None:
    acquire(tmp_path / ".lock", os.getpid())
    acquire(tmp_path / ".lock", os.getpid())


def test_a_lock_of_a_process_that_is_gone_is_taken_over(tmp_path: Path) -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    acquire(tmp_path / ".lock", done.pid)
    done.wait()
    acquire(tmp_path / ".lock", os.getpid())
    assert str(os.getpid()) in (tmp_path / ".lock").read_text()
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_process_number_used_again_is_not_the_owner(tmp_path: Path, other) -> None:
    lock = tmp_path / ".lock"
    acquire(lock, other.pid)
    lock.write_text(lock.read_text().replace('"started": "', '"started": "long ago '))
    acquire(lock, os.getpid())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_broken_lock_is_in_nobodys_way(tmp_path: Path, text: str) -> None:
    (tmp_path / ".lock").write_text(text)
    acquire(tmp_path / ".lock", os.getpid())


def test_of_many_at_once_one_wins(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib, os; sys.path.insert(0, sys.argv[1])\n"
        "from groundwork.runlock import acquire, process_parent\n"
        "try:\n    acquire(pathlib.Path(sys.argv[2]), os.getpid()); print('won')\n"
        "except Exception as error:\n    print(type(error).__name__)\n"
        "sys.stdout.flush(); input()\n"
    )
    core = str(Path(acquire.__code__.co_filename).parents[1])
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
    assert said == ["GroundworkError"] * 5 + ["won"]


def test_the_parent_of_a_process_is_known(other) -> None:
    assert process_parent(other.pid) == os.getpid()
