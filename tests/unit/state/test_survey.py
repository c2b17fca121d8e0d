"""Who uses a stack's volumes, and which project Compose is told to act on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.docker import compose
from ansible.module_utils.groundwork.state import info
from fake_engine import FakeEngine, container
from stack_params import params


def problems(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *containers: dict[str, Any]
) -> list[dict[str, str]]:
    docker = FakeEngine(containers=[*containers])
    monkeypatch.setattr(info, "Docker", lambda cli: docker)
    found: list[dict[str, str]] = info.serve(params(str(folder)))["problems"]
    return found


@pytest.mark.parametrize("state", ["running", "exited", "created"])
def test_a_container_of_others_that_may_write_to_a_volume_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    writer = container("x-redis-1", "x", mounts={"alone_redis_data": True}, state=state)
    (found,) = problems(tmp_path, monkeypatch, writer)
    assert "x-redis-1" in found["what"] and "alone_redis_data" in found["what"]
    assert "`docker rm --force x-redis-1`" in found["next_step"]


def test_whoever_does_no_harm_is_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = container("backup", mounts={"alone_redis_data": False})
    ours = container("alone-redis-1", "alone", service="redis", mounts={"alone_redis_data": True})
    longer = container("y", "y", mounts={"alone_redis_data_old": True})
    left = container("z", "z", mounts={"alone_postgres_data": True})  # of no service here
    labelled = container("by-hand", "alone")  # says that it is of the project, but of no service
    ours |= {"NetworkSettings": {"Ports": {}}, "Image": "sha256:1"}
    assert problems(tmp_path, monkeypatch, reader, ours, longer, left, labelled) == []


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        (".env", "COMPOSE_PROJECT_NAME=other\n", "COMPOSE_PROJECT_NAME"),
        (".env", "MINE=1\nexport COMPOSE_FILE = a.yml\n", "COMPOSE_FILE"),
        ("docker-compose.override.yml", "name: other\nservices: {}\n", "name"),
    ],
)
def test_a_line_that_leads_compose_elsewhere_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str, name: str
) -> None:
    path = tmp_path / "infra" / file
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    (found,) = problems(tmp_path, monkeypatch)
    assert f", {name}, leads" in found["what"]
    assert found["where"] == str(path)
    path.write_text(f"# {text.splitlines()[-1]}\nX_COMPOSE_FILE=1\n", encoding="utf-8")
    assert problems(tmp_path, monkeypatch) == []


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
