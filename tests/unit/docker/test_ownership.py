from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.docker import ownership
from ansible.module_utils.groundwork.docker.compose import _environment, services_in
from ansible.module_utils.groundwork.docker.ownership import Owner, other_owner
from ansible.module_utils.groundwork.locking import lease
from ansible.module_utils.groundwork.state.model import ServiceState
from ansible.module_utils.groundwork.state.survey import configuration, custom_reason, data_of
from ordinary_user import as_ordinary_user


def marker(folder: Path) -> dict[str, dict[str, str]]:
    return {"demo_owner": {"storage_format": "", "folder": str(folder), "user": "ana"}}


def container(folder: Path) -> dict[str, Any]:
    return {"Config": {"Labels": {ownership.WORKING_DIR_LABEL: str(folder)}}}


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Where the stack is to run, and another with a Compose file."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    here, there = tmp_path / "here", tmp_path / "thäre infra"
    for folder in (here, there):
        folder.mkdir()
        (folder / "docker-compose.yml").touch()
    return here, there


def test_the_mark_says_whose_a_stack_is(folders: tuple[Path, Path]) -> None:
    here, there = folders
    assert other_owner("demo", here, [], marker(there)) == Owner(there, "ana")
    assert other_owner("demo", here, [], marker(here)) is None
    # A mark of this folder wins over where a container was started from
    assert other_owner("demo", here, [container(there)], marker(here)) is None


def test_without_a_mark_containers_say_it(folders: tuple[Path, Path]) -> None:
    here, there = folders
    found = other_owner("demo", here, [container(there)], {})
    assert found is not None and found.folder == there and found.user
    assert other_owner("demo", here, [container(here)], {}) is None
    assert other_owner("demo", here, [], {}) is None


def test_the_note_of_before_still_counts_where_there_are_data(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    here, there = folders
    note = tmp_path / "state" / "groundwork" / "demo"
    note.parent.mkdir(parents=True)
    note.write_text(f"{there}\n", encoding="utf-8")
    data = {"demo_redis_data": {"storage_format": "redis-7", "folder": "", "user": ""}}
    found = other_owner("demo", here, [], data)
    assert found is not None and found.folder == there
    assert other_owner("demo", here, [], {}) is None


def test_a_folder_that_is_gone_owns_nothing(folders: tuple[Path, Path]) -> None:
    here, there = folders
    (there / "docker-compose.yml").unlink()
    assert other_owner("demo", here, [], marker(there)) is None
    there.rmdir()
    assert other_owner("demo", here, [container(there)], marker(there)) is None


def test_a_folder_whose_first_run_is_under_way_is_there(folders: tuple[Path, Path]) -> None:
    """It has claimed the stack and has no Compose file yet: two first starts at one moment."""
    here, there = folders
    (there / "docker-compose.yml").unlink()
    me = {"process": os.getpid(), "started": lease.process_start(os.getpid())}
    taken = {"run": "1", "who": "ana", "where": "a laptop", "revision": "x"}
    lease.take(there / ".lock", taken | me)
    assert other_owner("demo", here, [], marker(there)) == Owner(there, "ana")
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
        owner = Owner(there, user)
        return ownership.refusal("demo", tmp_path / "here", owner, "Stop it there.").next_step

    assert "mv " not in advice("ana") and "Stop" not in advice("ana") and "ana" in advice("ana")
    assert "mv " in advice("4321") and "Stop it there." in advice("4321")
    assert "mv " in advice("")  # nobody can say whose it is
    monkeypatch.setattr(ownership.os, "geteuid", lambda: 0)
    assert "mv " in advice("ana")


def test_a_folder_that_this_user_may_not_enter_is_there(tmp_path: Path) -> None:
    closed = tmp_path / "closed" / "infra"
    closed.mkdir(parents=True)

    def found() -> Owner | None:
        closed.parent.chmod(0o000)
        return other_owner("demo", tmp_path / "here", [], marker(closed))

    assert as_ordinary_user(tmp_path, found) == Owner(closed, "ana")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("COMPOSE_PROJECT_NAME=other", "COMPOSE_PROJECT_NAME"),
        ("export COMPOSE_FILE=/elsewhere.yml", "COMPOSE_FILE"),
        ("COMPOSE_IGNORE_ORPHANS=true", "COMPOSE_IGNORE_ORPHANS"),
        ("COMPOSE_ENV_FILES: other.env", "COMPOSE_ENV_FILES"),
        ("COMPOSE_PATH_SEPARATOR=,", "COMPOSE_PATH_SEPARATOR"),
    ],
)
def test_compose_follows_no_variable_of_its_own(line: str, name: str) -> None:
    """An exported value wins over the file's, and an empty one counts as none."""
    assert _environment(f"MINE=1\n{line}\n", {"PATH": "/bin"}) == {"PATH": "/bin", name: ""}
    assert _environment("MINE=1\n", {name: "other", "MINE": "2"}) == {}


def test_profiles_are_a_persons_to_choose() -> None:
    assert _environment("COMPOSE_PROFILES=mail\n", {}) == {}


def test_the_services_that_a_compose_file_of_ours_has() -> None:
    text = "# x\nname: demo\nservices:\n  one:\n    image: a\n  two-2:\n    image: b\n"
    assert services_in(f"{text}volumes:\n  three: {{}}\n") == {"one", "two-2"}
    assert services_in("services: {}\n") == set()


def test_data_are_known_by_their_volumes_name() -> None:
    assert data_of("demo_re-ports_data", "demo") == "re-ports"
    assert data_of("demo_owner", "demo") == data_of("demolition_a_data", "demo") == ""


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"state": "orphan"}, "is not in the inventory any more; its data stay, in the volume v"),
        ({"custom": True, "state": "missing", "config": "in_sync"}, "has no container yet"),
        ({"custom": True, "state": "running", "config": "changed"}, "its configuration changed"),
        (
            {"custom": True, "state": "running", "config": "moved"},
            "its container was made from another directory; it is made anew, its data stay",
        ),
        ({"custom": True, "state": "running", "config": "in_sync"}, ""),
        ({"custom": True, "state": "exited", "config": "in_sync", "exit_code": 0}, ""),
        (
            {"custom": True, "state": "exited", "config": "in_sync", "exit_code": 1},
            "its container is exited",
        ),
    ],
)
def test_a_service_that_the_inventory_does_not_have(found: dict[str, Any], reason: str) -> None:
    assert custom_reason(ServiceState.from_dict(found), "v") == reason


@pytest.mark.parametrize(
    ("place", "digest", "said"),
    [
        *(("here", "h", "in_sync"), ("link", "h", "in_sync"), ("old", "h", "moved")),
        *(("here", "x", "changed"), ("old", "x", "moved")),
    ],
)
def test_a_container_is_as_it_should_be_where_its_folder_is(
    tmp_path: Path, place: str, digest: str, said: str
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "here")
    labels = {"com.docker.compose.project.working_dir": str(tmp_path / place)}
    found = {"Config": {"Labels": labels | {"com.docker.compose.config-hash": digest}}}
    assert configuration(found, "h", tmp_path / "here") == said
    assert configuration(found, None, tmp_path / "here") == "unknown"


def test_the_way_to_move_a_stack_works_where_a_folder_is_there_already(tmp_path: Path) -> None:
    here, there = tmp_path / "new wörk" / "infra", tmp_path / "old" / "infra"
    there.mkdir(parents=True)
    (there / ".env").write_text("A=1\n")
    here.parent.mkdir()

    def follow() -> None:
        advice = ownership.refusal("demo", here, Owner(there)).next_step
        subprocess.run(advice.split("`")[1], shell=True, check=True)
        assert (here / ".env").read_text() == "A=1\n"
        assert not there.exists()

    follow()
    here.rename(there)
    here.mkdir()
    (here / "mine").write_text("kept")
    follow()
    assert (here.parent / "infra.before" / "mine").read_text() == "kept"
