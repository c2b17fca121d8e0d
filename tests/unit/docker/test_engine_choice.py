"""Which engine a person has chosen, and how it is named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.docker import engine, engine_choice
from ansible.module_utils.groundwork.docker.cli import CommandResult

NOWHERE = CommandResult(
    1, "", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock."
)


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
