"""Say what of a stack may be stopped and removed from here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.state import teardown
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: removal_plan
short_description: Say what of a stack may be stopped and removed from here
description:
  - Says which containers and volumes are to go; the modules of community.docker remove them.
  - Refuses a stack that belongs to another directory, while that directory is there.
  - Where the data are kept, it writes down whose they are, in an empty volume.
options:
  stack_name:
    description: The Compose project's name.
    type: str
    required: true
  stack_dir:
    description: The directory of the Compose file; it needn't be there any more.
    type: path
    required: true
  data:
    description: Whether the data are to be kept or removed for good.
    type: str
    choices: [keep, remove]
    default: keep
  service:
    description: With O(data=remove), the one service whose container and data go; empty, all.
    type: str
    default: ""
  data_required:
    description: Whether it is an error that O(service) has no data.
    type: bool
    default: true
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
    description: Says the same, and writes nothing down.
    support: full
"""

EXAMPLES = r"""
- name: Check what of the stack there is to stop
  removal_plan:
    stack_name: groundwork
    stack_dir: "{{ stack_dir }}"

- name: Check what goes with a service that has left the inventory
  removal_plan:
    stack_name: groundwork
    stack_dir: "{{ stack_dir }}"
    data: remove
    service: reports
"""

RETURN = r"""
stop:
  description: Whether the project has containers or networks that are to go.
  returned: success
  type: bool
containers:
  description: >-
    The ids of containers that are to go besides; the one service's, and of jobs that were killed.
  returned: success
  type: list
  elements: str
volumes:
  description: The volumes that are to go, in this order.
  returned: success
  type: list
  elements: str
forget:
  description: The stores that C(volumes.json) is to name no more once those are gone.
  returned: success
  type: list
  elements: str
last:
  description: The volumes that are to go after that, in this order; those that it named.
  returned: success
  type: list
  elements: str
snapshots:
  description: The names of the stack's snapshots, where all its data are to go; they stay.
  returned: success
  type: list
  elements: str
environment:
  description: >-
    For the tasks that remove, what the environment has for Docker and Compose that doesn't count,
    as if it were not set.
  returned: success
  type: dict
  sample: {COMPOSE_FILE: ""}
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "stack_name": {"type": "str", "required": True},
    "stack_dir": {"type": "path", "required": True},
    "data": {"type": "str", "choices": ["keep", "remove"], "default": "keep"},
    "service": {"type": "str", "default": ""},
    "data_required": {"type": "bool", "default": True},
    "engine_required": {"type": "bool", "default": True},
    "docker_cli": {"type": "str", "default": "docker"},
}


def run(call: Call) -> dict[str, Any]:
    params = call.params
    docker = Docker(params["docker_cli"])
    if not params["engine_required"] and docker.run("--version").code == 127:
        found = teardown.Removal()
    else:
        found = teardown.removal(
            docker,
            params["stack_name"],
            Path(params["stack_dir"]),
            data=params["data"] == "remove",
            service=params["service"],
            check=call.check,
            required=params["data_required"],
        )
    return found.to_dict() | {"environment": dict(call.unset)}


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
