"""The entry point of the built PostgreSQL, with the capabilities that the stack gives it."""

from __future__ import annotations

import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.images import recipes

from .images import BUILD_DIR, DOCKER

CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
POSTGRES = recipes.recipe(BUILD_DIR, "postgres").reference


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """A name, and the `docker` arguments of a PostgreSQL on a volume of that name."""
    if not DOCKER.inspect("image", [POSTGRES]):
        pytest.skip(f"{POSTGRES} was not built on this machine")
    name = f"imgtest-{uuid.uuid4().hex[:8]}"
    password = tmp_path / "password"
    password.write_text("pass word'\"$", encoding="utf-8")
    password.chmod(0o600)
    yield (
        name,
        [
            *("run", "--detach", "--name", name, "--cap-drop=ALL"),
            *(f"--cap-add={capability}" for capability in CAPABILITIES),
            *("--security-opt=no-new-privileges:true", "--env=POSTGRES_USER=app"),
            "--env=POSTGRES_PASSWORD_FILE=/run/secrets/password",
            f"--volume={password}:/run/secrets/password:ro",
            f"--volume={name}:/var/lib/postgresql/data",
            POSTGRES,
        ],
    )
    DOCKER.run("rm", "--force", "--volumes", name)
    DOCKER.run("volume", "rm", "--force", name)


def query(name: str, sql: str) -> str:
    """What a login over TCP answers, with some patience; the last error where none works."""
    deadline, answer = time.monotonic() + 60, ""
    while time.monotonic() < deadline:
        done = subprocess.run(
            [
                *("docker", "exec", "--env=PGPASSWORD=pass word'\"$", name),
                *("psql", "-h", "127.0.0.1", "-U", "app", "-d", "app", "-Atc", sql),
            ],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        answer = (done.stdout or done.stderr).strip()
        if done.returncode == 0:
            return answer
        time.sleep(0.3)
    return answer


@pytest.mark.parametrize("moment", ["performing post-bootstrap", "Success. You can now start"])
def test_an_init_that_was_killed_is_begun_anew(server: tuple[str, list[str]], moment: str) -> None:
    name, arguments = server
    assert DOCKER.run(*arguments).ok
    deadline = time.monotonic() + 60
    while moment not in DOCKER.run("logs", name).stdout and time.monotonic() < deadline:
        time.sleep(0.02)
    assert DOCKER.run("kill", "--signal=KILL", name).ok
    assert DOCKER.run("start", name).ok
    assert query(name, "SHOW data_checksums") == "on"
    assert "an earlier init was interrupted" in DOCKER.run("logs", name).stdout
    inside = DOCKER.run("exec", name, "ls", "-A", "/var/lib/postgresql/data").stdout.split()
    assert "PG_VERSION" in inside
    assert ".groundwork-init" not in inside


def test_data_survive_a_kill_and_the_server_has_no_password_in_its_environment(
    server: tuple[str, list[str]],
) -> None:
    name, arguments = server
    assert DOCKER.run(*arguments).ok
    query(name, "CREATE TABLE kept AS SELECT 7 AS x")
    assert DOCKER.run("kill", "--signal=KILL", name).ok
    assert DOCKER.run("start", name).ok
    assert query(name, "SELECT x FROM kept") == "7"
    environment = DOCKER.run("exec", "--user=postgres", name, "cat", "/proc/1/environ")
    assert environment.ok
    assert "pass word" not in environment.stdout
    assert "pass word" not in DOCKER.run("inspect", name).stdout


def test_files_of_somebody_else_are_left_alone(server: tuple[str, list[str]]) -> None:
    name, arguments = server
    put = ("run", "--rm", "--entrypoint=sh", f"--volume={name}:/volume", POSTGRES)
    assert DOCKER.run(*put, "-c", "echo precious > /volume/mine").ok
    assert DOCKER.run(*arguments).ok
    assert DOCKER.run("wait", name).stdout.strip() == "1"
    assert "Nothing was touched" in DOCKER.run("logs", name).stderr
    look = DOCKER.run(*put, "-c", "cat /volume/mine; stat -c %u /volume/mine")
    assert look.stdout.split() == ["precious", "0"]
