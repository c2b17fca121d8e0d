"""Parameters of the module stack_info, for a stack of one Redis."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.groundwork.state.info import ARGUMENT_SPEC


def params(folder: str, **changed: Any) -> dict[str, Any]:
    defaults = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()}
    return defaults | {
        "stack_name": "alone",
        "services": {"redis": {"kind": "redis", "image": "redis:7-alpine", "port": 6399}},
        "workspace_dir": folder,
        "stack_dir": f"{folder}/infra",
        "compose": "services: {}\n",
        "sources": ["present"],
        "docker_cli": "no such docker",
        **changed,
    }
