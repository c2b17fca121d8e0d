"""Move a PostgreSQL's data to another major version or storage format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork import data
from ansible.module_utils.groundwork.data import upgrade, upgrade_checks
from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: data_upgrade
short_description: Move a PostgreSQL's data to another major version or storage format
description:
  - Stops the service's container, dumps its data by the new image's programs, restores them into a
    new volume, compares both, and says in C(volumes.json) that this volume is live. The container
    has yet to be made anew, which the role C(stack) does. The former volume stays.
  - What goes wrong before leaves everything as it was, and the container runs again.
  - Does nothing where the data are what the image has already.
options:
  stack_name:
    description: The Compose project's name.
    type: str
    required: true
  services:
    description: The dictionary C(stack_services) of the inventory.
    type: dict
    required: true
  stack_dir:
    description: The directory of the Compose file and its C(.env).
    type: path
    required: true
  service:
    description: The service's name.
    type: str
    required: true
  images:
    description: The image of each service, as C(stack_info) chose it.
    type: dict
    required: true
  word:
    description: What names this stack.
    type: str
    required: true
  given:
    description: The stack's word, where it isn't O(stack_name); else it may be empty.
    type: str
    default: ""
  docker_cli:
    description: The docker command.
    type: str
    default: docker
attributes:
  check_mode:
    description: Says what would be moved; nothing is filled.
    support: full
"""

EXAMPLES = r"""
- name: Move the data to the image of the inventory
  data_upgrade:
    stack_name: groundwork
    services: "{{ stack_services }}"
    stack_dir: "{{ stack_dir }}"
    service: postgres
    images: "{{ stack_images }}"
    word: groundwork
"""

RETURN = r"""
move:
  description: The service, its new and former image and storage formats; empty where none differs.
  returned: success
  type: dict
volume:
  description: Its live volume; empty where nothing was moved.
  returned: success
  type: str
former:
  description: The volume that was live before, and is kept.
  returned: success
  type: str
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "stack_name": {"type": "str", "required": True},
    "services": {"type": "dict", "required": True},
    "stack_dir": {"type": "path", "required": True},
    "service": {"type": "str", "required": True},
    "images": {"type": "dict", "required": True},
    "word": {"type": "str", "required": True},
    "given": {"type": "str", "default": ""},
    "docker_cli": {"type": "str", "default": "docker"},
}


def run(call: Call) -> dict[str, Any]:
    params = call.params
    docker, stack = Docker(params["docker_cli"]), params["stack_name"]
    directory = Path(params["stack_dir"])
    data.check_word(params["word"], params["given"], stack, upgrade_checks.PLAYBOOK)
    found = data.sources(docker, stack, params["services"], directory)
    call.secrets.update(value for each in found for value in each.secrets.values())
    source = upgrade_checks.find(found, params["service"])
    move = upgrade_checks.planned(source, params["images"])
    if move.storage_format == move.former_format:
        return upgrade.Upgraded().to_dict() | {"changed": False}
    if call.check:
        return upgrade.Upgraded(move).to_dict() | {"changed": True}
    data.clear(docker, stack, directory)
    return upgrade.upgrade(directory, source, move).to_dict() | {"changed": True}


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
