"""What the engine's answers mean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker import engine
from ansible.module_utils.groundwork.docker.cli import CommandResult


def server(version: str, api: str) -> CommandResult:
    return CommandResult(0, json.dumps({"Server": {"Version": version, "ApiVersion": api}}), "")


COMPOSE = CommandResult(0, "2.26.1-4\n", "")
NOWHERE = CommandResult(
    1, "", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock."
)
DENIED = CommandResult(
    1, "", "permission denied while trying to connect to the Docker daemon socket"
)


@pytest.mark.parametrize(
    ("version", "compose", "installed", "state"),
    [
        (server("26.1.5", "1.45"), COMPOSE, True, "ok"),
        (server("24.0.7", "1.43"), COMPOSE, True, "ok"),
        (server("19.03.1", "1.40"), COMPOSE, True, "old"),
        (server("26.1.5", "1.45"), CommandResult(0, "2.17.0", ""), True, "old"),
        (server("26.1.5", "1.45"), CommandResult(1, "", "unknown command"), True, "no-compose"),
        (NOWHERE, COMPOSE, True, "stopped"),
        (NOWHERE, COMPOSE, False, "absent"),
        (DENIED, COMPOSE, True, "denied"),
        (CommandResult(127, "", "docker: No such file"), COMPOSE, False, "absent"),
        (CommandResult(124, "", "no answer within 10 s"), COMPOSE, True, "unknown"),
    ],
)
def test_the_engines_state(
    version: CommandResult, compose: CommandResult, installed: bool, state: str
) -> None:
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


def test_an_engine_is_found_that_is_not_in_an_ordinary_users_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sbin = tmp_path / "sbin"
    sbin.mkdir()
    assert not engine.daemon_installed([str(sbin)])
    (sbin / "dockerd").touch(mode=0o755)
    assert engine.daemon_installed([str(sbin)])


def test_the_system_directories_are_among_those() -> None:
    assert "/usr/sbin" in engine.SYSTEM_DIRECTORIES  # where Debian has it
