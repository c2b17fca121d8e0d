"""Start what differs from the Compose file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork.docker import Docker, compose
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: compose_up
short_description: Start what differs from the Compose file
description:
  - Runs C(docker compose up --detach) in the stack's directory. Builds and pulls nothing, and
    removes containers whose service is not in the file any more. Volumes are never removed.
  - Doesn't wait for health; the module M(service_health) does, and sees more.
  - In place of M(community.docker.docker_compose_v2), since what a shell exports never wins over
    the stack's C(.env); docs/design.md has the rest.
options:
  stack_name:
    description: The Compose project's name.
    type: str
    required: true
  stack_dir:
    description: The directory of the Compose file and its C(.env).
    type: path
    required: true
  docker_cli:
    description: The docker command.
    type: str
    default: docker
attributes:
  check_mode:
    description: Does nothing. The module M(stack_info) says what would be started.
    support: none
"""

EXAMPLES = r"""
- name: Start the services
  compose_up:
    stack_name: groundwork
    stack_dir: "{{ workspace_dir }}/infra"
"""

RETURN = r"""
services:
  description: >-
    What happened to a service's container, one of created, recreated, started, unpaused, removed.
  returned: success
  type: dict
  sample: {redis: recreated}
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "stack_name": {"type": "str", "required": True},
    "stack_dir": {"type": "path", "required": True},
    "docker_cli": {"type": "str", "default": "docker"},
}


def run(call: Call) -> dict[str, Any]:
    if call.check:
        return {"skipped": True, "msg": "not started in check mode"}
    docker = Docker(call.params["docker_cli"])
    happened = compose.up(docker, call.params["stack_name"], Path(call.params["stack_dir"]))
    return {"changed": bool(happened.services), **happened.to_dict()}


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
