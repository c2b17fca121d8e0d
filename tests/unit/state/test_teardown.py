"""A stack taken down, against a fake engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker import CommandResult
from ansible.module_utils.groundwork.docker import volumes as live
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.state import teardown
from fake_engine import FakeEngine, container
from owned_stack import DATA, marked, owned_directory


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def removal(
    docker: FakeEngine, here: Path, service: str = "", data: bool = False
) -> teardown.Removal:
    return teardown.removal(docker, "ours", here, data=data, service=service, check=False)


@pytest.mark.parametrize("data", [False, True])
def test_down_refuses_what_dev_refuses(tmp_path: Path, data: bool) -> None:
    docker = FakeEngine(volumes=DATA | marked(owned_directory(tmp_path / "a")))
    for here in (owned_directory(tmp_path / "b"), tmp_path / "nowhere"):
        with pytest.raises(GroundworkError, match="belong to another directory"):
            removal(docker, here, data=data)


def test_down_goes_where_the_directory_is_gone_and_says_whose_the_data_are(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    running = [container("db", "ours", service="db"), container("x", "others", service="db")]
    docker = FakeEngine(containers=running, volumes=DATA | marked(gone))
    assert removal(docker, gone) == teardown.Removal(stop=True)
    here = tmp_path / "new"
    removal(docker, here)
    assert docker.volumes["ours_owner"]["groundwork.folder"] == str(here)
    docker.containers.pop(0)
    assert removal(docker, here) == teardown.Removal()
    wanted = teardown.Removal(volumes=("ours_db_data",), last=("ours_owner",))
    assert removal(docker, here, data=True) == wanted


def test_a_check_of_down_writes_nothing_down(tmp_path: Path) -> None:
    docker = FakeEngine(volumes=DATA | marked(tmp_path / "gone"))
    teardown.removal(docker, "ours", tmp_path, data=False, service="", check=True)
    assert docker.volumes == DATA | marked(tmp_path / "gone")


def test_the_data_of_one_service_go_alone(tmp_path: Path) -> None:
    running = [container(f"ours-{name}-1", "ours", service=name) for name in ("db", "web")]
    running += [container("others-db-1", "others", service="db")]
    volumes = DATA | {"ours_web_data": {}, "ours_other_db_data": {}} | marked(tmp_path)
    docker = FakeEngine(containers=running, volumes=volumes)
    with pytest.raises(GroundworkError, match="has no data of 'd'") as refused:
        removal(docker, tmp_path, service="d", data=True)
    assert "db, web" in refused.value.next_step
    wanted = teardown.Removal(containers=("id-ours-db-1",), volumes=("ours_db_data",))
    assert removal(docker, tmp_path, service="db", data=True) == wanted


def test_a_service_has_all_its_volumes_removed_and_no_others(tmp_path: Path) -> None:
    volumes = {"ours_db.conf_data": {}, "ours_dbx.conf_data": {}, "ours_x_db.conf_data": {}}
    docker = FakeEngine(volumes=DATA | volumes | marked(tmp_path))
    found = removal(docker, tmp_path, service="db", data=True).volumes
    assert set(found) == {"ours_db_data", "ours_db.conf_data"}
    every = removal(docker, tmp_path, data=True).volumes
    assert "ours_dbx.conf_data" in every
    assert "ours_x_db.conf_data" not in every  # the stack ours_x's


def test_what_an_engine_does_not_say_is_not_taken_for_nothing(tmp_path: Path) -> None:
    class Mute(FakeEngine):
        def run(self, *args: str, **options: object) -> CommandResult:
            if args[:2] == ("network", "ls"):
                return CommandResult(1, "", "it went away")
            return super().run(*args, **options)

    with pytest.raises(GroundworkError, match="it went away"):
        removal(Mute(), tmp_path)


LATER = {"ours_db_data.1": {}, "ours_db_data.3": {}, "ours_web_data": {}, "ours_web.x_data.2": {}}


def test_data_of_all_generations_go_the_live_ones_last(tmp_path: Path) -> None:
    """Whatever it is cut short at, no older data are the live ones then."""
    docker = FakeEngine(volumes=DATA | LATER | marked(tmp_path))
    live.write(tmp_path, {"db": 1, "web.x": 2, "gone": 1})
    assert removal(docker, tmp_path, data=True) == teardown.Removal(
        volumes=("ours_db_data", "ours_db_data.3", "ours_web_data"),
        forget=("db", "gone", "web.x"),
        last=("ours_db_data.1", "ours_web.x_data.2", "ours_owner"),
    )
    assert removal(docker, tmp_path, service="db", data=True) == teardown.Removal(
        volumes=("ours_db_data", "ours_db_data.3"), forget=("db",), last=("ours_db_data.1",)
    )
    assert removal(docker, tmp_path, service="web", data=True) == teardown.Removal(
        volumes=("ours_web_data",), forget=("web.x",), last=("ours_web.x_data.2",)
    )
    assert removal(docker, tmp_path) == teardown.Removal()


def test_a_store_that_only_the_file_knows_is_forgotten(tmp_path: Path) -> None:
    live.write(tmp_path, {"web": 1})
    docker = FakeEngine(volumes=DATA | marked(tmp_path))
    assert removal(docker, tmp_path, service="web", data=True) == teardown.Removal(forget=("web",))


def test_snapshots_stay_and_so_does_whose_they_are(tmp_path: Path) -> None:
    kept = {"ours_snapshot_data": {"groundwork.snapshot": "data"}}
    docker = FakeEngine(volumes=DATA | kept | marked(tmp_path))
    assert removal(docker, tmp_path, data=True) == teardown.Removal(
        volumes=("ours_db_data",), snapshots=("data",)
    )


def test_where_nobody_knows_which_data_are_live_none_go(tmp_path: Path) -> None:
    docker = FakeEngine(volumes=DATA | marked(tmp_path))
    (tmp_path / "volumes.json").write_text("{", encoding="utf-8")
    with pytest.raises(GroundworkError, match="can't be understood"):
        removal(docker, tmp_path, data=True)
    assert removal(docker, tmp_path) == teardown.Removal()  # stopped it may be


@pytest.mark.parametrize("service", ["", "db"])
def test_a_job_that_a_killed_run_left_keeps_no_volume(tmp_path: Path, service: str) -> None:
    jobs = [container(f"{name}-work", labels={"groundwork.job": name}) for name in ("ours", "x")]
    docker = FakeEngine(containers=jobs, volumes=DATA | marked(tmp_path))
    assert removal(docker, tmp_path, service, data=True).containers == ("id-ours-work",)


def test_what_a_job_worked_in_goes_with_all_data(tmp_path: Path) -> None:
    docker = FakeEngine(volumes=DATA | marked(tmp_path), places=["ours_upgrade"])
    gone = removal(docker, tmp_path, data=True)
    assert gone.volumes == ("ours_db_data", "ours_upgrade")
    assert removal(docker, tmp_path).volumes == ()
    assert removal(docker, tmp_path).containers == ()
