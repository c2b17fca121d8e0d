"""The owner's mark, and a stack taken down, against a fake engine."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker import Result, compose, ownership
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.state import teardown
from fake_engine import FakeEngine, container

DATA = {"ours_db_data": {"groundwork.flavour": "x"}}


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "docker-compose.yml").touch()
    return path


def marked(path: Path) -> dict[str, dict[str, str]]:
    return {"ours_owner": {"groundwork.folder": str(path), "groundwork.user": "anna"}}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_what_up_cannot_start_is_put_right_before() -> None:
    docker = FakeEngine(
        containers=[
            container("ours-db-1", "ours", service="db", state="paused"),
            container("ours-cache-1", "ours", service="cache", state="dead"),
            container("ours-search-1", "ours", service="search", state="removing"),
            container("0123456789ab_ours-web-1", "ours", service="web", state="created"),
            container("ours-job-1", "ours", service="job", state="created"),
            container("ours-api-1", "ours", service="api", state="restarting"),
        ]
    )
    assert compose.make_ready(docker, "ours", docker.containers) == {"db": "unpaused"}
    assert docker.asked == [
        ("unpause", "id-ours-db-1"),
        ("rm", "--force", "id-ours-cache-1"),
        ("rm", "--force", "id-ours-search-1"),
        ("rm", "id-0123456789ab_ours-web-1"),
    ]


def test_a_claim_is_refused_where_somebody_else_has_it(tmp_path: Path) -> None:
    a, b = folder(tmp_path / "an 'a'"), folder(tmp_path / "b")
    docker = FakeEngine()
    ownership.claim(docker, "ours", a)
    with pytest.raises(GroundworkError, match="belong to another directory") as refused:
        ownership.claim(docker, "ours", b)
    assert f"mv {shlex.quote(str(a))} {shlex.quote(str(b))}`" in refused.value.next_step
    assert docker.volumes["ours_owner"]["groundwork.folder"] == str(a)
    (a / "docker-compose.yml").unlink()
    ownership.claim(docker, "ours", b)
    assert docker.volumes["ours_owner"]["groundwork.folder"] == str(b)


def test_what_starts_a_stack_says_whose_it_is_now(tmp_path: Path) -> None:
    """A folder that was moved changes no file, and its stack is the new folder's all the same."""
    docker = FakeEngine(volumes=DATA | marked(tmp_path / "moved away"))
    here = folder(tmp_path / "here")
    compose.up(docker, "ours", here)
    assert docker.volumes["ours_owner"]["groundwork.folder"] == str(here)
    there = folder(tmp_path / "there")
    with pytest.raises(GroundworkError, match="belong to another directory"):
        compose.up(docker, "ours", there)
    assert sum("up" in asked for asked in docker.asked) == 1


def test_containers_of_a_moved_folder_are_made_anew(tmp_path: Path) -> None:
    """Their secrets are mounted from the old place, which Compose's own comparison leaves out."""
    here = folder(tmp_path / "here")
    for place, anew in ((here, False), (tmp_path / "moved away", True)):
        docker = FakeEngine(containers=[container("db", "ours", service="db", folder=str(place))])
        compose.up(docker, "ours", here)
        (up,) = (asked for asked in docker.asked if "up" in asked)
        assert ("--force-recreate" in up) is anew


def removal(
    docker: FakeEngine, here: Path, service: str = "", data: bool = False
) -> teardown.Removal:
    return teardown.removal(docker, "ours", here, data=data, service=service, check=False)


@pytest.mark.parametrize("data", [False, True])
def test_down_refuses_what_dev_refuses(tmp_path: Path, data: bool) -> None:
    docker = FakeEngine(volumes=DATA | marked(folder(tmp_path / "a")))
    for here in (folder(tmp_path / "b"), tmp_path / "nowhere"):
        with pytest.raises(GroundworkError, match="belong to another directory"):
            removal(docker, here, data=data)


def test_down_goes_where_the_folder_is_gone_and_says_whose_the_data_are(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    running = [container("db", "ours", service="db"), container("x", "others", service="db")]
    docker = FakeEngine(containers=running, volumes=DATA | marked(gone))
    assert removal(docker, gone) == teardown.Removal(stop=True)
    here = tmp_path / "new"
    removal(docker, here)
    assert docker.volumes["ours_owner"]["groundwork.folder"] == str(here)
    docker.containers.pop(0)
    assert removal(docker, here) == teardown.Removal()
    wanted = teardown.Removal(volumes=("ours_db_data", "ours_owner"))
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


def test_what_an_engine_does_not_say_is_not_taken_for_nothing(tmp_path: Path) -> None:
    class Mute(FakeEngine):
        def run(self, *args: str, **options: object) -> Result:
            if args[:2] == ("network", "ls"):
                return Result(1, "", "it went away")
            return super().run(*args, **options)

    with pytest.raises(GroundworkError, match="it went away"):
        removal(Mute(), tmp_path)
