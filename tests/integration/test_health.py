"""The health wait against the running stack, and against containers that are broken on purpose."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork import dotenv
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.docker.cli import Docker
from ansible.module_utils.groundwork.docker.containers import Project
from ansible.module_utils.groundwork.health import probe, wait
from ansible.module_utils.groundwork.health.report import Unhealthy

PROJECT = "healthtest-project"
TIMEOUT = 60.0  # what ends "at once" has to end well before


@pytest.fixture
def targets(stack: Any) -> list[probe.Target]:
    secrets = dotenv.parse(Path(stack.env_file).read_text())
    return probe.targets(parse_services(stack.services), "host", secrets, str(stack.env_file))


def watch(project: str) -> Project:
    return Project(Docker(), project)


def failed_wait(targets: list[probe.Target], project: str, timeout: float = TIMEOUT) -> str:
    began = time.monotonic()
    with pytest.raises(Unhealthy) as caught:
        wait.wait(targets, timeout, watch(project))
    assert time.monotonic() - began < TIMEOUT / 2, "it waited for its time-out"
    return str(caught.value)


def wrong(targets: list[probe.Target], kind: str) -> list[probe.Target]:
    return [replace(each, secret="not-it") for each in targets if each.service.kind == kind]


# The stack


def test_the_stack_is_healthy(stack: Any, targets: list[probe.Target]) -> None:
    results = wait.wait(targets, TIMEOUT, watch(stack.project))
    assert [result.name for result in results] == list(stack.services)
    assert all(result.healthy and result.version for result in results)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("postgres", "stack_reset_passwords=true"),
        ("redis", "started with another password"),
        ("qdrant", "started with another API key"),
    ],
)
def test_a_wrong_secret_ends_the_wait(
    stack: Any, targets: list[probe.Target], kind: str, words: str
) -> None:
    text = failed_wait(wrong(targets, kind), stack.project)
    assert words in text
    assert "not-it" not in text


def test_one_look_tells_the_code_of_a_wrong_password(stack: Any) -> None:
    services = parse_services(stack.services)
    secrets = dotenv.parse(Path(stack.env_file).read_text()) | {"POSTGRES_PASSWORD": "not-it"}
    looked = wait.probe_all(services, secrets)
    assert looked["postgres"].code == "28P01"
    assert looked["redis"].healthy


# Broken containers, the wait's own


@contextlib.contextmanager
def broken(image: str, script: str, *options: str) -> Iterator[list[probe.Target]]:
    """A container labelled as Compose's service `redis` that runs `script`."""
    name = f"healthtest-{time.time_ns()}"
    with socket.socket() as sock:  # nobody listens there
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    subprocess.run(
        ["docker", "run", "--detach", "--name", name, "--network", "none", *options,
         "--label", f"com.docker.compose.project={PROJECT}",
         "--label", "com.docker.compose.service=redis", "--entrypoint", "sh", image, "-c", script],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    try:
        services = parse_services({"redis": {"kind": "redis", "image": image, "port": port}})
        yield probe.targets(services, "host", {"REDIS_PASSWORD": "hidden-secret"})
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", name], check=True,
                       capture_output=True, timeout=60)  # fmt: skip


@pytest.fixture(scope="module")
def image(stack: Any) -> str:
    return str(stack.images["redis"])


def test_a_crash_on_start_shows_its_log(image: str) -> None:
    # The engine reads the two streams side by side: only a pause makes their order sure.
    lines = "for i in $(seq 30); do echo line $i; done"
    script = f"{lines}; sleep 0.3; echo Fatal: hidden-secret >&2; exit 3"
    with broken(image, script) as targets:
        text = failed_wait(targets, PROJECT)
    assert "stopped with exit code 3" in text
    assert "Fatal: ********" in text
    assert text.count("| ") == 15
    assert text.index("line 30") < text.index("Fatal")


def test_a_crash_while_waiting_shows_its_log(image: str) -> None:
    with broken(image, "sleep 1; echo Fatal: late; exit 4") as targets:
        text = failed_wait(targets, PROJECT)
    assert "stopped with exit code 4" in text
    assert "| Fatal: late" in text


def test_a_restarting_container_ends_the_wait(image: str) -> None:
    with broken(image, "echo Fatal: again; exit 5", "--restart=always") as targets:
        text = failed_wait(targets, PROJECT)
    assert "restart" in text
    assert "| Fatal: again" in text


def test_an_unhealthy_container_ends_the_wait(image: str) -> None:
    check = ("--health-cmd=echo no PONG; exit 1", "--health-interval=200ms", "--health-retries=2")
    with broken(image, "echo up; sleep 60", *check) as targets:
        text = failed_wait(targets, PROJECT)
    assert "health check failed" in text
    assert "last health check: no PONG" in text
    assert "| up" in text


def test_a_service_that_recovered_is_waited_for(image: str, targets: list[probe.Target]) -> None:
    """The stack's Redis answers; the container whose status is late is another one."""
    answering = [each for each in targets if each.name == "redis"]
    check = ("--health-cmd=test -e /tmp/well", "--health-interval=3s", "--health-retries=1")

    def health_status() -> str:
        return watch(PROJECT).inspect()["redis"].health

    with broken(image, "sleep 60", *check):
        deadline = time.monotonic() + 20
        while health_status() != "unhealthy":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        container = watch(PROJECT).inspect()["redis"].name
        subprocess.run(["docker", "exec", container, "touch", "/tmp/well"], check=True, timeout=20)
        assert health_status() == "unhealthy"
        (result,) = wait.wait(answering, TIMEOUT, watch(PROJECT))
        assert result.healthy
        assert health_status() == "healthy"


def test_a_missing_container_ends_the_wait(image: str) -> None:
    with broken(image, "sleep 60") as targets:
        pass
    assert "redis: it has no container" in failed_wait(targets, PROJECT)


def test_a_time_out_tells_the_container_state(image: str) -> None:
    with broken(image, "echo deaf; sleep 60") as targets:
        text = failed_wait(targets, PROJECT, timeout=2)
    assert "not ready within 2 s (connection refused)" in text
    assert "container: running" in text
    assert "| deaf" in text


# The module, as a task runs it


def test_the_module_waits(stack: Any) -> None:
    result = _module(stack, {"project": stack.project})
    assert result["changed"] is False
    assert all(service["healthy"] for service in result["services"])


def test_the_module_fails_in_one_screen(stack: Any) -> None:
    services = {name: dict(entry) for name, entry in stack.services.items()}
    services["postgres"]["password"] = "not-the-password"
    result = _module(stack, {"services": services, "project": stack.project})
    assert result["failed"]
    assert "volume keeps the password" in result["msg"]
    assert len(result["msg"].splitlines()) < 40
    assert "Traceback" not in result["msg"]
    assert "not-the-password" not in str(result)
    assert [service["name"] for service in result["services"]] == list(services)


def _module(stack: Any, changed: dict[str, Any]) -> dict[str, Any]:
    root = Path(__file__).resolve().parents[2]
    params = {"services": stack.services, "env_file": str(stack.env_file), "timeout": 30} | changed
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible", "localhost", "-i", "localhost,", "-c", "local",
         "-e", f"ansible_python_interpreter={sys.executable}", "-m", "service_health",
         "-a", json.dumps(params)],
        cwd=root, capture_output=True, text=True, check=False, timeout=120,
        env=os.environ | {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
                          "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1"},
    )  # fmt: skip
    play = json.loads(done.stdout[done.stdout.index("{") :])
    return dict(play["plays"][0]["tasks"][0]["hosts"]["localhost"])
