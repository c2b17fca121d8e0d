"""What the scenarios' tests share. `host` is testinfra's: one test host, looked at from outside."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest

# The Python of a test host; on a VM, where the role toolbox makes its own, that one
PYTHONS = ("/opt/groundwork/toolbox/bin/python", "/opt/groundwork/venv/bin/python")
PROJECT = "/opt/groundwork/project"
STACK = "groundwork"
SERVICES = ("postgres", "qdrant", "redis")

Client = Callable[..., dict[str, Any]]


@pytest.fixture
def client(host: Any) -> Client:
    """molecule/shared/client.py on the host: `client("read", "key")` is its answer.

    `env` is an app's .env file; `user` runs it as somebody else; `fails=True` allows an `error`.
    """

    python = next(path for path in PYTHONS if host.file(path).exists)

    def call(*words: str, env: str = "", user: str = "", fails: bool = False) -> dict[str, Any]:
        where = ["--env", env] if env else []
        command = [python, f"{PROJECT}/molecule/shared/client.py", *where, *words]
        if user:
            command = ["runuser", "-u", user, "--", *command]
        result = host.run(shlex.join(command))
        try:
            answer: dict[str, Any] = json.loads(result.stdout)
        except ValueError:
            pytest.fail(f"{words[0]} gave no answer: {result.stdout}{result.stderr}")
        assert fails or "error" not in answer, answer
        return answer

    return call


@pytest.fixture
def containers(host: Any) -> dict[str, dict[str, Any]]:
    """`docker inspect` of each of the stack's containers that runs, by service."""
    wanted = f"--filter label=com.docker.compose.project={STACK}"
    ids = host.check_output(f"docker ps --quiet --no-trunc {wanted}").split()
    assert ids, "no container of the stack runs"
    found = json.loads(host.check_output(f"docker inspect {' '.join(ids)}"))
    return {item["Config"]["Labels"]["com.docker.compose.service"]: item for item in found}


@pytest.fixture
def volumes(host: Any) -> dict[str, dict[str, Any]]:
    """`docker volume inspect` of each volume with the stack's data, by name."""
    names = host.check_output(f"docker volume ls --quiet --filter name=^{STACK}_.*_data$").split()
    assert names, "the stack has no volume"
    found = json.loads(host.check_output(f"docker volume inspect {' '.join(names)}"))
    return {item["Name"]: item for item in found}


@pytest.fixture
def listening(host: Any) -> set[str]:
    """Every TCP address on which the host listens, `address:port`."""
    lines = host.check_output("ss --listening --tcp --numeric --no-header").splitlines()
    assert lines, "nothing listens, not even the stack"
    return {line.split()[3] for line in lines}
