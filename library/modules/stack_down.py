"""Stop a stack; remove its data where they are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.state import teardown
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: stack_down
short_description: Stop a stack; remove its data where they are named
description:
  - Removes the containers and networks of a stack, those of a person's own services among them.
    The data stay, unless O(data=remove).
  - Refuses a stack that belongs to another folder, while that folder is there.
options:
  stack_name:
    description: The Compose project's name.
    type: str
    required: true
  stack_dir:
    description: The folder of the Compose file; it needn't be there any more.
    type: path
    required: true
  data:
    description: Whether the data are kept or removed for good.
    type: str
    choices: [keep, remove]
    default: keep
  service:
    description: With O(data=remove), the one service whose container and data go; empty, all.
    type: str
    default: ""
  engine_required:
    description: Whether it is an error that there is no docker command.
    type: bool
    default: true
  docker_cli:
    description: The docker command.
    type: str
    default: docker
attributes:
  check_mode:
    description: Says whether something would be removed.
    support: full
"""

EXAMPLES = r"""
- name: Stop the stack
  stack_down:
    stack_name: groundwork
    stack_dir: "{{ stack_dir }}"

- name: Remove the data of a service that has left the inventory
  stack_down:
    stack_name: groundwork
    stack_dir: "{{ stack_dir }}"
    data: remove
    service: reports
"""

RETURN = r"""
volumes:
  description: The volumes that were removed.
  returned: success
  type: list
  elements: str
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "stack_name": {"type": "str", "required": True},
    "stack_dir": {"type": "path", "required": True},
    "data": {"type": "str", "choices": ["keep", "remove"], "default": "keep"},
    "service": {"type": "str", "default": ""},
    "engine_required": {"type": "bool", "default": True},
    "docker_cli": {"type": "str", "default": "docker"},
}


def run(call: Call) -> dict[str, Any]:
    params = call.params
    docker = Docker(params["docker_cli"])
    if not params["engine_required"] and docker.run("--version").code == 127:
        return {"volumes": []}
    return teardown.take_down(
        docker,
        params["stack_name"],
        Path(params["stack_dir"]),
        data=params["data"] == "remove",
        service=params["service"],
        check=call.check,
    )


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
