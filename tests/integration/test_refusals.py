"""What is refused before anything acts: a clear error by name, and nothing was changed."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from .stack import (
    Stack,
    nothing_is_there,
    slot_port,
    with_service,
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"port": 70000}, ["stack_services.redis.port", "70000"]),
        (
            {"port": slot_port(15532)},
            ["stack_services.redis", "stack_services.postgres", str(slot_port(15532))],
        ),
        ({"kind": "redsi"}, ["stack_services.redis.kind", "redsi", "'redis'"]),
        ({"image": None}, ["stack_services.redis.image"]),
        ({"port": None}, ["stack_services.redis.port is missing"]),
    ],
)
def test_a_wrong_service_is_refused_by_name(
    other: Stack, change: dict[str, Any], words: list[str]
) -> None:
    text = other.refuse(stack_services=with_service(other, "redis", **change))
    for word in [*words, "Next:"]:
        assert word in text
    assert nothing_is_there(other)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"stack_name": None}, ["stack_name"]),
        ({"stack_health_timeout": "soon"}, ["stack_health_timeout", "soon"]),
        ({"stack_helth_timeout": 3}, ["stack_helth_timeout", "'stack_health_timeout'"]),
        ({"images_sources": ["registri"]}, ["images_sources", "registri"]),
        ({"workspace_dir": "/nowhere/at all"}, ["/nowhere/at all", "workspace_dir"]),
        (
            {"env_files_apps": {"web": {"path": ".env", "public": True, "services": ["redis"]}}},
            ["env_files_apps.web", "public"],
        ),
    ],
)
def test_a_wrong_variable_is_refused_by_name(
    other: Stack, variables: dict[str, Any], words: list[str]
) -> None:
    text = other.refuse(**variables)
    for word in words:
        assert word in text
    assert nothing_is_there(other)


def test_a_taken_port_names_port_holder_and_variable(other: Stack) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", other.postgres_port))
        listener.listen()
        text = other.refuse()
    for word in (
        str(other.postgres_port),
        f"process {os.getpid()}",
        "stack_services.postgres.port",
    ):
        assert word in text
    assert nothing_is_there(other)


def test_a_port_that_another_container_holds_names_the_container(
    stack: Stack, other: Stack
) -> None:
    text = other.refuse(stack_services=with_service(other, "redis", port=stack.redis_port))
    assert f"{stack.project}-redis-1" in text
    assert nothing_is_there(other)


def test_an_engine_that_does_not_answer(other: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    text = other.refuse()
    assert "/nowhere/docker.sock" in text
    assert "Next:" in text
    monkeypatch.undo()
    assert nothing_is_there(other)


FAKE_DOCKER = """#!/bin/sh
# A stand-in for a docker client whose engine or Compose is too old: no such engine can be had here.
case "$*" in
    *compose*version*) {compose} ;;
    *context*) echo unix:///var/run/docker.sock ;;
    *version*json*) echo '{{"Server": {{"Version": "{version}", "ApiVersion": "{api}"}}}}' ;;
    *version*) echo "{api}" ;;
    *) echo "unexpected: $*" >&2; exit 1 ;;
esac
"""


@pytest.mark.parametrize(
    ("version", "api", "compose", "words"),
    [
        ("19.03.15", "1.40", "echo 2.26.1", ["19.03", "20.10"]),
        ("26.1.5", "1.45", "echo 2.10.0", ["2.10.0", "2.24"]),
        ("26.1.5", "1.45", "exit 1", ["Compose"]),
    ],
)
def test_an_engine_or_a_compose_that_is_too_old_or_missing(
    other: Stack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    api: str,
    compose: str,
    words: list[str],
) -> None:
    fake = tmp_path / "bin" / "docker"
    fake.parent.mkdir()
    fake.write_text(FAKE_DOCKER.format(version=version, api=api, compose=compose))
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    text = other.refuse()
    monkeypatch.undo()
    for word in words:
        assert word in text
    assert nothing_is_there(other)


def test_no_image_from_any_source_says_what_was_tried(other: Stack) -> None:
    services = with_service(other, "redis", image="groundwork-test/nowhere:1")
    sources = ["present", "archive", "registry"]
    text = other.refuse(stack_services=services, images_sources=sources)
    assert "groundwork-test/nowhere:1" in text
    for source in sources:
        assert source in text
    assert other.containers() == {}


def test_too_little_room_on_the_engines_disk(other: Stack) -> None:
    text = other.refuse(inspect_min_free_mb=10**9)
    assert "MB left" in text
    assert nothing_is_there(other)


def test_a_compose_file_of_a_persons_own_is_left_alone(other: Stack) -> None:
    other.infra.mkdir()
    mine = other.infra / "docker-compose.yml"
    mine.write_text("services: {}\n")
    text = other.refuse()
    assert str(mine) in text
    assert "docker-compose.override.yml" in text
    assert mine.read_text() == "services: {}\n"


def test_an_app_env_that_is_a_directory(other: Stack) -> None:
    directory = other.workspace / "apps/backend/.env"
    directory.mkdir(parents=True)
    text = other.refuse()
    assert str(directory) in text
    assert "is a directory" in text
    assert other.containers() == {}


def test_an_app_env_whose_directory_is_a_file(other: Stack) -> None:
    (other.workspace / "apps").write_text("mine")
    text = other.refuse()
    assert str(other.workspace / "apps") in text
    assert (other.workspace / "apps").read_text() == "mine"


def test_a_check_where_nothing_is_yet_says_so_and_changes_nothing(other: Stack) -> None:
    play = other.play("dev", "--check", "--diff")
    assert play.code == 0, play.output
    assert play.changed > 0
    assert not other.infra.exists()
    assert not (other.workspace / "apps").exists()
    assert not other.containers()
