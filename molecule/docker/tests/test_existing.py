"""A host with an engine of somebody else: no run changes anything about it."""

from __future__ import annotations

from typing import Any

testinfra_hosts = ["ansible://test_hosts"]

STATE = "/opt/groundwork/project/molecule/docker/files/engine_state.sh"


def test_the_engine_is_as_it_was(host: Any) -> None:
    before = host.file("/root/engine-before").content_string
    assert "ExecMainStartTimestampMonotonic=" in before
    assert host.check_output(f"sh {STATE}") == before.strip()


def test_its_settings_are_still_somebodys(engine: dict[str, Any]) -> None:
    assert engine["LoggingDriver"] == "local"
    assert engine["Labels"] == ["owner=somebody"]
    assert not engine["LiveRestoreEnabled"]


def test_groundwork_left_nothing(host: Any) -> None:
    assert host.file("/etc/docker").listdir() == ["daemon.json"]
    assert not host.file("/etc/apt/preferences.d/groundwork-docker").exists
