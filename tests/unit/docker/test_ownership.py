"""Whose a stack is: its mark, and what is told to those whose it isn't."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.docker import ownership
from ansible.module_utils.groundwork.docker.ownership import StackOwner, other_owner
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.locking import lease
from fake_engine import FakeEngine
from ordinary_user import as_ordinary_user
from owned_stack import owned_directory


def marker(directory: Path) -> dict[str, dict[str, str]]:
    return {"demo_owner": {"storage_format": "", "directory": str(directory), "user": "ana"}}


def container(directory: Path) -> dict[str, Any]:
    return {"Config": {"Labels": {ownership.WORKING_DIR_LABEL: str(directory)}}}


@pytest.fixture
def directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Where the stack is to run, and another with a Compose file."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    here, there = tmp_path / "here", tmp_path / "thäre infra"
    for directory in (here, there):
        directory.mkdir()
        (directory / "docker-compose.yml").touch()
    return here, there


def test_the_mark_says_whose_a_stack_is(directories: tuple[Path, Path]) -> None:
    here, there = directories
    assert other_owner("demo", here, [], marker(there)) == StackOwner(there, "ana")
    assert other_owner("demo", here, [], marker(here)) is None
    # A mark of this directory wins over where a container was started from
    assert other_owner("demo", here, [container(there)], marker(here)) is None


def test_without_a_mark_containers_say_it(directories: tuple[Path, Path]) -> None:
    here, there = directories
    found = other_owner("demo", here, [container(there)], {})
    assert found is not None and found.directory == there and found.user
    assert other_owner("demo", here, [container(here)], {}) is None
    assert other_owner("demo", here, [], {}) is None


def test_the_note_of_before_still_counts_where_there_are_data(
    directories: tuple[Path, Path], tmp_path: Path
) -> None:
    here, there = directories
    note = tmp_path / "state" / "groundwork" / "demo"
    note.parent.mkdir(parents=True)
    note.write_text(f"{there}\n", encoding="utf-8")
    data = {"demo_redis_data": {"storage_format": "redis-7", "directory": "", "user": ""}}
    found = other_owner("demo", here, [], data)
    assert found is not None and found.directory == there
    assert other_owner("demo", here, [], {}) is None


def test_a_directory_that_is_gone_owns_nothing(directories: tuple[Path, Path]) -> None:
    here, there = directories
    (there / "docker-compose.yml").unlink()
    assert other_owner("demo", here, [], marker(there)) is None
    there.rmdir()
    assert other_owner("demo", here, [container(there)], marker(there)) is None


def test_a_directory_whose_first_run_is_under_way_is_there(directories: tuple[Path, Path]) -> None:
    """It has claimed the stack and has no Compose file yet: two first starts at one moment."""
    here, there = directories
    (there / "docker-compose.yml").unlink()
    me = {"process": os.getpid(), "started": lease.process_start(os.getpid())}
    taken = {"run": "1", "who": "ana", "where": "a laptop", "revision": "x"}
    lease.take(there / ".lock", taken | me)
    assert other_owner("demo", here, [], marker(there)) == StackOwner(there, "ana")
    lease.leave(there / ".lock", "1")
    assert other_owner("demo", here, [], marker(there)) is None
    lease.take(there / ".lock", taken | {"process": 2**22 + 1, "started": "1"})  # was killed
    assert other_owner("demo", here, [], marker(there)) is None


def test_nobody_is_told_to_move_or_stop_another_users_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership.os, "geteuid", lambda: 4321)  # who has no name
    there = tmp_path / "infra"

    def advice(user: str) -> str:
        owner = StackOwner(there, user)
        return ownership.refusal("demo", tmp_path / "here", owner, "Stop it there.").next_step

    assert "mv " not in advice("ana") and "Stop" not in advice("ana") and "ana" in advice("ana")
    assert "mv " in advice("4321") and "Stop it there." in advice("4321")
    assert "mv " in advice("")  # nobody can say whose it is
    monkeypatch.setattr(ownership.os, "geteuid", lambda: 0)
    assert "mv " in advice("ana")


def test_a_directory_that_this_user_may_not_enter_is_there(tmp_path: Path) -> None:
    closed = tmp_path / "closed" / "infra"
    closed.mkdir(parents=True)

    def found() -> StackOwner | None:
        closed.parent.chmod(0o000)
        return other_owner("demo", tmp_path / "here", [], marker(closed))

    assert as_ordinary_user(tmp_path, found) == StackOwner(closed, "ana")


def test_the_way_to_move_a_stack_works_where_a_directory_is_there_already(tmp_path: Path) -> None:
    here, there = tmp_path / "new wörk" / "infra", tmp_path / "old" / "infra"
    there.mkdir(parents=True)
    (there / ".env").write_text("A=1\n")
    here.parent.mkdir()

    def follow() -> None:
        advice = ownership.refusal("demo", here, StackOwner(there)).next_step
        subprocess.run(advice.split("`")[1], shell=True, check=True)
        assert (here / ".env").read_text() == "A=1\n"
        assert not there.exists()

    follow()
    here.rename(there)
    here.mkdir()
    (here / "mine").write_text("kept")
    follow()
    assert (here.parent / "infra.before" / "mine").read_text() == "kept"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_a_claim_is_refused_where_somebody_else_has_it(tmp_path: Path) -> None:
    a, b = owned_directory(tmp_path / "an 'a'"), owned_directory(tmp_path / "b")
    docker = FakeEngine()
    ownership.claim(docker, "ours", a)
    with pytest.raises(GroundworkError, match="belong to another directory") as refused:
        ownership.claim(docker, "ours", b)
    assert f"mv {shlex.quote(str(a))} {shlex.quote(str(b))}`" in refused.value.next_step
    assert docker.volumes["ours_owner"]["groundwork.folder"] == str(a)
    (a / "docker-compose.yml").unlink()
    ownership.claim(docker, "ours", b)
    assert docker.volumes["ours_owner"]["groundwork.folder"] == str(b)
