"""Keep a copy of a stack's data in a volume of its own, list such copies, or remove one."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork import data
from ansible.module_utils.groundwork.data import notes, snapshots
from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: data_snapshot
short_description: Keep a copy of a stack's data, list such copies, or remove one
description:
  - A snapshot holds the data of the stack's services at one moment, PostgreSQL's last. It is a
    volume of the same engine, C(STACK_snapshot_NAME). The services run on meanwhile; one of
    C(kind=container) is stopped while its volumes are copied.
  - What runs that were killed left of such work is removed first.
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
  state:
    description: V(present) makes one, V(absent) removes one, V(listed) says which there are.
    type: str
    choices: [present, absent, listed]
    default: present
  name:
    description: The snapshot; for a new one, empty gives it the time as its name.
    type: str
    default: ""
  only:
    description: The services whose data are copied; empty, all.
    type: list
    elements: str
    default: []
  reason:
    description: Why it is made, where no person asked for it.
    type: str
    default: ""
  keep:
    description: >-
      How many are kept, the newest; older ones are removed after a new one is there. Those that a
      migration needs aren't counted, and stay.
    type: int
    default: 5
  docker_cli:
    description: The docker command.
    type: str
    default: docker
attributes:
  check_mode:
    description: Says what would be made and removed, and how much room it takes is not asked.
    support: full
"""

EXAMPLES = r"""
- name: Keep a copy of the data
  data_snapshot:
    stack_name: groundwork
    services: "{{ stack_services }}"
    stack_dir: "{{ stack_dir }}"
    name: before-x
"""

RETURN = r"""
name:
  description: The snapshot that was made or removed; empty for a list.
  returned: success
  type: str
removed:
  description: The snapshots that went, by name.
  returned: success
  type: list
  elements: str
snapshots:
  description: The snapshots that are there, the oldest first.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      returned: always
      type: str
    created:
      description: When, in UTC.
      returned: always
      type: str
    reason:
      description: Why it was made, where no person asked for it.
      returned: always
      type: str
    services:
      description: The bytes of each service's data, by the service's name.
      returned: always
      type: dict
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "stack_name": {"type": "str", "required": True},
    "services": {"type": "dict", "required": True},
    "stack_dir": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["present", "absent", "listed"], "default": "present"},
    "name": {"type": "str", "default": ""},
    "only": {"type": "list", "elements": "str", "default": []},
    "reason": {"type": "str", "default": ""},
    "keep": {"type": "int", "default": 5},
    "docker_cli": {"type": "str", "default": "docker"},
}


def run(call: Call) -> dict[str, Any]:
    params, now = call.params, datetime.now(timezone.utc)
    docker, stack, name = Docker(params["docker_cli"]), params["stack_name"], params["name"]
    directory = Path(params["stack_dir"])
    if params["state"] != "listed" and not call.check:
        data.clear(docker, stack, directory)  # what it starts again is asked for what it runs
    found = data.sources(docker, stack, params["services"], directory)
    call.secrets.update(value for each in found for value in each.secrets.values())
    chosen = data.named(found, params["only"], "playbooks/snapshot.yml")
    image = data.any_image(found)
    known = notes.read(directory)
    if params["state"] == "listed":
        return _result("", [], snapshots.listed(docker, stack, image))
    there = snapshots.listed(docker, stack, image, clear=not call.check)
    if params["state"] == "absent":
        gone = [snapshots.find(there, name)]
    else:
        name = name or snapshots.default_name(now)
        snapshots.check_new(name, there)
        if not call.check:
            there.append(snapshots.create(chosen, name, now, params["reason"]))
        made = {each.snapshot for each in known}
        gone = snapshots.superfluous(there, params["keep"], made, notes.needed(known, now))
    if not call.check:
        for each in gone:
            snapshots.remove(docker, stack, each.name)
        there = [each for each in there if each not in gone]
    return {"changed": True, **_result(name, gone, there)}


def _result(name: str, removed: list[data.Manifest], there: list[data.Manifest]) -> dict[str, Any]:
    return snapshots.Snapshots(
        name,
        tuple(each.name for each in removed),
        tuple(snapshots.Snapshot.of(each) for each in there),
    ).to_dict()


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
