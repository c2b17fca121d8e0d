"""What the engine's answers mean, and who holds a port."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from ansible.module_utils.groundwork.docker import engine, engine_choice, ports
from ansible.module_utils.groundwork.docker.cli import Docker, Result


def server(version: str, api: str) -> Result:
    return Result(0, json.dumps({"Server": {"Version": version, "ApiVersion": api}}), "")


COMPOSE = Result(0, "2.26.1-4\n", "")
NOWHERE = Result(1, "", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.")
DENIED = Result(1, "", "permission denied while trying to connect to the Docker daemon socket")


@pytest.mark.parametrize(
    ("version", "compose", "installed", "state"),
    [
        (server("26.1.5", "1.45"), COMPOSE, True, "ok"),
        (server("24.0.7", "1.43"), COMPOSE, True, "ok"),
        (server("19.03.1", "1.40"), COMPOSE, True, "old"),
        (server("26.1.5", "1.45"), Result(0, "2.17.0", ""), True, "old"),
        (server("26.1.5", "1.45"), Result(1, "", "unknown command"), True, "no-compose"),
        (NOWHERE, COMPOSE, True, "stopped"),
        (NOWHERE, COMPOSE, False, "absent"),
        (DENIED, COMPOSE, True, "denied"),
        (Result(127, "", "docker: No such file"), COMPOSE, False, "absent"),
        (Result(124, "", "no answer within 10 s"), COMPOSE, True, "unknown"),
    ],
)
def test_the_engines_state(version: Result, compose: Result, installed: bool, state: str) -> None:
    found = engine.judge(version, compose, installed)
    assert found.state == state
    assert bool(found.error) == (state != "ok")


@pytest.mark.parametrize(("api", "quick"), [("1.43", False), ("1.44", True), ("1.100", True)])
def test_start_interval_wants_a_newer_engine(api: str, quick: bool) -> None:
    assert engine.judge(server("x", api), COMPOSE, True).quick_start == quick


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("v2.26.1-4", (2, 26, 1)),
        ("2.24", (2, 24)),
        ("", ()),
        ("dev", ()),
        ("20.10.0-rc1", (20, 10, 0)),
    ],
)
def test_versions(text: str, numbers: tuple[int, ...]) -> None:
    assert engine.numbers(text) == numbers


def test_a_docker_command_that_is_not_there_is_an_answer() -> None:
    result = Docker("no-such-docker").run("version")
    assert (result.code, result.ok) == (127, False)


@pytest.fixture
def listener() -> Any:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield held


def test_a_taken_port_names_its_process(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    (found,) = ports.taken(Docker("no-such-docker"), [("127.0.0.1", port)])
    assert found.port == port
    assert f"(process {os.getpid()})" in found.holder


def test_it_does_where_only_root_may_see_all_connections_at_once(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(kind: str) -> Any:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", refuse)
    test_a_taken_port_names_its_process(listener)


def test_a_look_at_free_ports_does_not_load_what_names_a_process(tmp_path: Path) -> None:
    code = (
        "import sys; from groundwork.docker import Docker, ports\n"
        "assert ports.taken(Docker('no-such-docker'), [('127.0.0.1', 0)]) == []\n"
        "assert 'psutil' not in sys.modules"
    )
    core = Path(ports.__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], cwd=core, check=True)


def test_a_free_port_is_not_taken(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    assert ports.taken(Docker("no-such-docker"), [("127.0.0.1", port)]) == []


def test_an_engine_is_found_that_is_not_in_an_ordinary_users_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sbin = tmp_path / "sbin"
    sbin.mkdir()
    assert not engine.daemon_installed([str(sbin)])
    (sbin / "dockerd").touch(mode=0o755)
    assert engine.daemon_installed([str(sbin)])


def test_the_system_folders_are_among_those() -> None:
    assert "/usr/sbin" in engine.SYSTEM_FOLDERS  # where Debian has it


def refused(by: str, monkeypatch: pytest.MonkeyPatch, config: Path, **variables: str) -> Any:
    """What is said where no engine answers, and one is installed on this machine."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(config))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = engine.judge(NOWHERE, None, True, engine_choice.chosen())
    assert found.state == "elsewhere"
    assert found.chosen.startswith(by)
    return found


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        ("unix:///run/user/1000/docker.sock", "as the user whose it is"),
        ("tcp://127.0.0.1:1", "fix the way there"),
        ("ssh://nobody@10.0.0.1", "`ssh` gets there"),
    ],
)
def test_an_engine_that_a_variable_names_is_not_this_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, advice: str
) -> None:
    found = refused("DOCKER_HOST", monkeypatch, tmp_path, DOCKER_HOST=host, DOCKER_CONTEXT="x")
    assert found.chosen == f"DOCKER_HOST={host}"
    assert advice in found.next_step
    assert "`unset DOCKER_HOST`" in found.next_step


def test_a_context_is_named_with_where_it_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = refused("DOCKER_CONTEXT", monkeypatch, tmp_path, DOCKER_CONTEXT="far")
    assert found.chosen == "DOCKER_CONTEXT=far (no such context)"
    assert "`docker context ls`" in found.next_step
    meta = tmp_path / "contexts" / "meta" / hashlib.sha256(b"far").hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Endpoints": {"docker": {"Host": "tcp://127.0.0.1:1"}}}))
    found = refused("DOCKER_CONTEXT", monkeypatch, tmp_path, DOCKER_CONTEXT="far")
    assert found.chosen == "DOCKER_CONTEXT=far (tcp://127.0.0.1:1)"
    (tmp_path / "config.json").write_text('{"currentContext": "far"}')
    found = refused(str(tmp_path), monkeypatch, tmp_path)
    assert found.chosen == f"{tmp_path / 'config.json'}: far (tcp://127.0.0.1:1)"
    assert "`docker context use default`" in found.next_step


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"DOCKER_CONTEXT": "default"},
        {"DOCKER_HOST": "unix:///var/run/docker.sock"},
        {"DOCKER_HOST": "unix:///run/docker.sock", "DOCKER_CONTEXT": "far"},
        {"DOCKER_HOST": "", "DOCKER_CONTEXT": ""},
    ],
)
def test_this_machines_own_engine_is_no_choice_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    (tmp_path / "config.json").write_text("not JSON")
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert engine_choice.chosen() is None
    assert engine.judge(NOWHERE, None, True, None).state == "stopped"
