"""A stack is one directory's: nothing else starts, stops or empties it; it can be moved."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

import pytest

from .clients import App
from .stack import Stack, docker, new_stack

NAME, FIRST_PORT = "groundwork-owner", 16332


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = new_stack(tmp_path_factory.mktemp("owner") / "work späce", NAME, FIRST_PORT)
    stack.up()
    yield stack
    for project in (stack.project, f"{stack.project}-x"):
        label = f"label=com.docker.compose.project={project}"
        for each in docker("ps", "-aq", "--filter", label).split():
            docker("rm", "--force", each)
    stack.destroy()
    assert not docker("volume", "ls", "-q", "--filter", f"name=^{stack.project}_").split()


@pytest.fixture
def elsewhere(own: Stack, tmp_path: Path) -> Stack:
    """The same inventory in another directory."""
    return new_stack(tmp_path / "another place", NAME, FIRST_PORT)


def app_of(stack: Stack) -> App:
    return App(stack.workspace / "apps/backend/.env")


def test_a_line_that_names_another_project_is_refused_and_not_followed(own: Stack) -> None:
    before, text = own.started_at(), own.env_file.read_text(encoding="utf-8")
    own.env_file.write_text(f"COMPOSE_PROJECT_NAME={own.project}-x\n{text}", encoding="utf-8")
    try:
        said = own.refuse()
        assert "COMPOSE_PROJECT_NAME" in said and str(own.env_file) in said
        assert own.play("down", "--check").code == 0
    finally:
        own.env_file.write_text(text, encoding="utf-8")
    assert own.up().idle
    assert own.started_at() == before


def test_a_second_server_on_a_volume_is_named_and_nothing_starts(own: Stack) -> None:
    """As `docker compose -p other up` by hand makes one; it needn't run."""
    other = f"{own.project}-x-redis-1"
    volume = f"{own.project}_redis_data:/data"
    docker("create", "--name", other, "-v", volume, own.images["redis"])
    try:
        said = own.refuse()
        assert other in said and f"docker rm --force {other}" in said
    finally:
        docker("rm", "--force", other)
    assert own.up().idle
    look = ("run", "--rm", "-v", f"{volume}:ro", "--entrypoint", "true", own.images["redis"])
    docker(*look)


def test_another_directory_neither_starts_nor_stops_nor_empties_it(
    own: Stack, elsewhere: Stack
) -> None:
    app, before = app_of(own), own.started_at()
    app.write("kept")
    said = elsewhere.refuse()
    assert str(own.infra) in said and "doesn't answer" not in said
    for given in ({}, {"stack_remove_data": own.project}):
        said = elsewhere.refuse(playbook="down", **given)
        assert str(own.infra) in said
    said = elsewhere.refuse(playbook="rotate")
    assert not elsewhere.infra.exists(), "`mv`, as the refusal says, would go into it"
    assert str(own.infra) in said
    assert own.started_at() == before
    assert own.play("down").code == 0  # no container says any more whose it is
    assert str(own.infra) in elsewhere.refuse(playbook="down", stack_remove_data=own.project)
    own.up()
    assert app.read() == ["kept"] * 3


def test_a_paused_container_is_woken(own: Stack) -> None:
    pause = ["docker", "pause", own.containers()["redis"]["Id"]]
    for _ in range(5):  # on a busy machine the runtime is sometimes "unable to freeze"
        if subprocess.run(pause, check=False).returncode == 0:
            break
        time.sleep(1)
    assert own.containers()["redis"]["State"]["Status"] == "paused"
    own.up()
    assert own.containers()["redis"]["State"]["Status"] == "running"
    assert own.up().idle


def test_a_persons_own_service_is_kept_up_and_never_taken_for_a_leftover(own: Stack) -> None:
    override = own.infra / "docker-compose.override.yml"
    image, command = own.images["redis"], '["sleep", "600"]'
    override.write_text(
        f"services:\n  mail:\n    image: {image}\n    entrypoint: {command}\n", encoding="utf-8"
    )
    try:
        own.up()
        first = own.containers()["mail"]
        assert own.up().idle
        docker("rm", "--force", first["Id"])
        assert "mail" in own.up().output
        assert own.containers()["mail"]["State"]["Running"]
        docker("kill", own.containers()["mail"]["Id"])
        assert "mail" in own.play("status").output
    finally:
        override.unlink()
    own.up()
    assert "mail" not in own.containers()


def test_the_data_of_one_service_are_removed_by_name(own: Stack) -> None:
    said = own.refuse(playbook="down", stack_remove_data=f"{own.project}/nothing")
    assert "postgres" in said
    before = own.started_at()["postgres"]
    volumes = docker("volume", "ls", "-q", "--filter", f"name=^{own.project}_").split()
    check = own.play("down", "--check", stack_remove_data=f"{own.project}/redis")
    assert check.code == 0, check.output
    assert "redis" in own.containers()
    redis, user = f"{own.project}_redis_data", f"{own.project}-x-redis-1"
    docker("create", "--name", user, "-v", f"{redis}:/data", own.images["redis"])
    try:
        said = own.refuse(playbook="down", stack_remove_data=f"{own.project}/redis")
        assert redis in said and "volume is in use" in said and "Next:" in said
    finally:
        docker("rm", "--force", user)
    gone = own.play("down", stack_remove_data=f"{own.project}/redis")
    assert gone.code == 0, gone.output
    assert check.changed == 2 and gone.changed == 1  # its container went before
    left = docker("volume", "ls", "-q", "--filter", f"name=^{own.project}_").split()
    assert set(volumes) - set(left) == {f"{own.project}_redis_data"}
    assert own.started_at()["postgres"] == before
    own.up()


def test_a_persons_engine_counts_for_down_and_nothing_else_of_a_shell(
    own: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket, other = tmp_path / "docker.sock", tmp_path / "other.yml"
    socket.symlink_to("/var/run/docker.sock")
    other.write_text("services: {other: {image: other}}\n", encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    docker("context", "create", "mine", "--docker", f"host=unix://{socket}")
    docker("context", "use", "mine")
    for name, value in {
        "COMPOSE_FILE": str(other),
        "COMPOSE_ENV_FILES": "nowhere.env",
        "COMPOSE_IGNORE_ORPHANS": "true",
        "COMPOSE_PARALLEL_LIMIT": "nonsense",
        "DOCKER_API_VERSION": "1.12",
    }.items():
        monkeypatch.setenv(name, value)
    check = own.play("down", "--check", stack_remove_data=own.project)
    play = own.play("down", "-vvv")
    monkeypatch.undo()
    assert check.code == play.code == 0, check.output + play.output
    assert play.output.count(f"docker_host: unix://{socket}") > 1
    assert check.changed == 3 and play.changed == 1  # stop, remove the data, then the mark
    assert own.containers() == {}
    own.up()


def test_a_stack_moves_with_its_directory(own: Stack, elsewhere: Stack) -> None:
    """The way that the refusal names, followed: data, passwords and a person's own lines."""
    app_of(own).write("moved")
    text = own.env_file.read_text(encoding="utf-8")
    own.env_file.write_text(f"MINE=1\n{text}", encoding="utf-8")
    secrets = own.secrets()
    assert (
        f"mv {quote(str(own.infra))} {quote(str(elsewhere.infra))}"
        in elsewhere.refuse().replace("\n", " ")
    )
    own.infra.rename(elsewhere.infra)
    try:
        elsewhere.up()
        assert elsewhere.secrets() == secrets
        assert "MINE=1" in elsewhere.env_file.read_text(encoding="utf-8")
        assert app_of(elsewhere).read() == ["moved"] * 3
        for item in elsewhere.containers().values():
            assert str(own.infra) not in str(item["Mounts"]), "it can't start a second time"
        assert elsewhere.up().idle
        own.infra.mkdir()
        (own.infra / "docker-compose.yml").touch()
        assert str(elsewhere.infra) in own.refuse()  # now it is the other one's
        (own.infra / "docker-compose.yml").unlink()
        own.infra.rmdir()
    finally:
        elsewhere.infra.rename(own.infra)
    own.up()
    assert app_of(own).read() == ["moved"] * 3
