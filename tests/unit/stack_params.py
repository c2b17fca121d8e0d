"""Parameters of the module stack_info, for a stack of one Redis, and what it finds wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.state import info
from ansible.module_utils.groundwork.state.info import ARGUMENT_SPEC
from fake_engine import FakeEngine


def params(directory: str, **changed: Any) -> dict[str, Any]:
    defaults = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()}
    return defaults | {
        "stack_name": "alone",
        "services": {"redis": {"kind": "redis", "image": "redis:7-alpine", "port": 6399}},
        "workspace_dir": directory,
        "stack_dir": f"{directory}/infra",
        "compose": "services: {}\n",
        "sources": ["present"],
        "docker_cli": "no such docker",
        **changed,
    }


def problems_found(
    directory: Path, monkeypatch: pytest.MonkeyPatch, *containers: dict[str, Any]
) -> list[dict[str, str]]:
    docker = FakeEngine(containers=[*containers])
    monkeypatch.setattr(info, "Docker", lambda cli: docker)
    found: list[dict[str, str]] = info.serve(params(str(directory)))["problems"]
    return found
