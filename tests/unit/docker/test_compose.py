"""Compose as it is asked: which project, which variables, and what is put right before."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker import compose
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
