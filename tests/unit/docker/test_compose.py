"""Compose as it is asked: which project, which variables, and what is put right before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.docker import CommandResult, compose, volumes
from ansible.module_utils.groundwork.docker.compose import _environment, services_in
from ansible.module_utils.groundwork.errors import GroundworkError
from fake_engine import FakeEngine, container
from owned_stack import DATA, marked, owned_directory


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


def test_what_starts_a_stack_says_whose_it_is_now(tmp_path: Path) -> None:
    """A directory that was moved changes no file, and its stack is the new directory's all the
    same."""
    docker = FakeEngine(volumes=DATA | marked(tmp_path / "moved away"))
    here = owned_directory(tmp_path / "here")
    compose.up(docker, "ours", here)
    assert docker.volumes["ours_owner"]["groundwork.folder"] == str(here)
    there = owned_directory(tmp_path / "there")
    with pytest.raises(GroundworkError, match="belong to another directory"):
        compose.up(docker, "ours", there)
    assert sum("up" in asked for asked in docker.asked) == 1


def test_what_happened_to_each_container_is_the_result(tmp_path: Path) -> None:
    here = owned_directory(tmp_path / "here")
    paused = container("db", "ours", service="db", state="paused", directory=str(here))
    assert compose.up(FakeEngine(containers=[paused]), "ours", here) == (
        compose.ComposeResult({"db": "unpaused"})
    )


def test_containers_of_a_moved_directory_are_made_anew(tmp_path: Path) -> None:
    """Their secrets are mounted from the old place, which Compose's own comparison leaves out."""
    here = owned_directory(tmp_path / "here")
    for place, anew in ((here, False), (tmp_path / "moved away", True)):
        docker = FakeEngine(
            containers=[container("db", "ours", service="db", directory=str(place))]
        )
        compose.up(docker, "ours", here)
        (up,) = (asked for asked in docker.asked if "up" in asked)
        assert ("--force-recreate" in up) is anew


@dataclass(frozen=True)
class Switching(FakeEngine):
    """Compose makes a container anew, on its second volume, only where it is made to."""

    obeys: bool = True

    def run(self, *args: str, **options: Any) -> CommandResult:
        if "--force-recreate" in args and self.obeys:
            for each in self.containers:
                if each["Config"]["Labels"].get("com.docker.compose.service") in args:
                    each["Id"] += "-anew"
                    each["Mounts"] = [{"Name": "ours_db_data.2", "RW": True}]
        return super().run(*args, **options)


def switching(here: Path, obeys: bool = True, **theirs: str) -> Switching:
    text = "# x\nservices:\n  db:\n    image: a\nvolumes: {}\n"
    (owned_directory(here) / "docker-compose.yml").write_text(text, encoding="utf-8")
    volumes.write(here, {"db": 2})
    mounted = {"db": "ours_db_data", **theirs}
    return Switching(
        containers=[
            container(name, "ours", service=name, directory=str(here), mounts={volume: True})
            for name, volume in mounted.items()
        ],
        obeys=obeys,
    )


def test_a_container_that_compose_left_on_its_former_volume_is_made_anew(tmp_path: Path) -> None:
    """With those of a person's own that have it too; not one that is to read another."""
    docker = switching(tmp_path / "here", backup="ours_db_data", looks="ours_db_data.1")
    done = compose.up(docker, "ours", tmp_path / "here")
    assert done == compose.ComposeResult({"db": "recreated", "backup": "recreated"})
    docker.asked.clear()
    assert compose.up(docker, "ours", tmp_path / "here") == compose.ComposeResult({})
    assert sum("up" in asked for asked in docker.asked) == 1


def test_one_that_stays_on_its_former_volume_is_no_success(tmp_path: Path) -> None:
    docker = switching(tmp_path / "here", obeys=False)
    with pytest.raises(GroundworkError, match=r"db is on the volume ours_db_data, wanted .*\.2"):
        compose.up(docker, "ours", tmp_path / "here")


def test_where_nobody_knows_which_volumes_are_live_nothing_is_started(tmp_path: Path) -> None:
    docker = switching(tmp_path / "here")
    (tmp_path / "here" / "volumes.json").write_text("", encoding="utf-8")
    with pytest.raises(GroundworkError, match="can't be understood"):
        compose.up(docker, "ours", tmp_path / "here")
    assert not docker.did("compose")


def test_compose_is_told_the_project_whatever_it_is_to_do(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").touch()
    (tmp_path / ".env").write_text("COMPOSE_PROJECT_NAME=other\n", encoding="utf-8")
    docker = FakeEngine()
    file, env = tmp_path / "docker-compose.yml", tmp_path / ".env"
    compose.run(docker, "ours", tmp_path, "ps")
    compose.check(docker, "ours", tmp_path, file, env)
    compose.config_hashes(docker, "ours", tmp_path)
    compose.up(docker, "ours", tmp_path)
    asked = [args for args in docker.asked if args[0] == "compose"]
    assert len(asked) == 4
    for args in asked:
        assert args[args.index("--project-name") + 1] == "ours"
        assert args[args.index("--project-directory") + 1] == str(tmp_path)
