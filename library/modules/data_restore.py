"""Put a stack's data back from a snapshot or a backup, go back, or give former volumes up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork import data
from ansible.module_utils.groundwork.data import (
    backup,
    backup_program,
    former,
    restore,
    snapshots,
)
from ansible.module_utils.groundwork.data.backup_types import DUMPS
from ansible.module_utils.groundwork.docker import Docker, volumes
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: data_restore
short_description: Put a stack's data back from a snapshot or a backup
description:
  - Fills new volumes and proves them (a throw-away server starts on each, and takes today's
    passwords), then says in C(volumes.json) that they are live. The services' containers have yet
    to be made anew, which the role C(stack) does. The former volumes stay.
  - What goes wrong before leaves everything as it was.
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
    description:
      - V(restored) puts the snapshot O(name) back. V(former) makes the volumes live again that were
        before. V(confirmed) removes those that aren't live.
    type: str
    choices: [restored, former, confirmed]
    default: restored
  name:
    description: The snapshot.
    type: str
    default: ""
  backup:
    description:
      - In place of O(name), a backup's id or the first digits of it, or V(latest). What made it
        may have another storage format than what reads it.
    type: str
    default: ""
  backup_settings:
    description: The file of settings that the role C(backup) writes.
    type: path
  only:
    description: The services; empty, all that the snapshot has, or with O(state=confirmed) all.
    type: list
    elements: str
    default: []
  images:
    description:
      - The image of each service, as C(stack_info) chose it. With O(state=former), the former
        volumes have to be what these can read.
    type: dict
    default: {}
  word:
    description: What names this stack.
    type: str
    required: true
  given:
    description: The stack's word, where it isn't O(stack_name); else it may be empty.
    type: str
    default: ""
  keep_days:
    description: After how many days former volumes go by themselves, with the next restore.
    type: int
    default: 7
  docker_cli:
    description: The docker command.
    type: str
    default: docker
attributes:
  check_mode:
    description: Says what would be put back or removed; nothing is filled.
    support: full
"""

EXAMPLES = r"""
- name: Put the data back
  data_restore:
    stack_name: groundwork
    services: "{{ stack_services }}"
    stack_dir: "{{ stack_dir }}"
    word: groundwork
    name: before-x
"""

RETURN = r"""
name:
  description: The snapshot that was put back; empty where none was.
  returned: success
  type: str
backup:
  description: The backup that was put back, by its id; empty where none was.
  returned: success
  type: str
services:
  description: The services whose live volumes are others now.
  returned: success
  type: list
  elements: str
volumes:
  description: Their live volumes.
  returned: success
  type: list
  elements: str
former:
  description: The volumes that were live before, and are kept.
  returned: success
  type: list
  elements: str
removed:
  description: Former volumes that were removed.
  returned: success
  type: list
  elements: str
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "stack_name": {"type": "str", "required": True},
    "services": {"type": "dict", "required": True},
    "stack_dir": {"type": "path", "required": True},
    "state": {
        "type": "str",
        "choices": ["restored", "former", "confirmed"],
        "default": "restored",
    },
    "name": {"type": "str", "default": ""},
    "backup": {"type": "str", "default": ""},
    "backup_settings": {"type": "path"},
    "only": {"type": "list", "elements": "str", "default": []},
    "images": {"type": "dict", "default": {}},
    "word": {"type": "str", "required": True},
    "given": {"type": "str", "default": ""},
    "keep_days": {"type": "int", "default": 7},
    "docker_cli": {"type": "str", "default": "docker"},
}

PLAYBOOK = "playbooks/restore.yml"


def run(call: Call) -> dict[str, Any]:
    params = call.params
    docker, stack, directory = (
        Docker(params["docker_cli"]),
        params["stack_name"],
        Path(params["stack_dir"]),
    )
    data.check_word(params["word"], params["given"], stack, PLAYBOOK)
    if not call.check:
        data.clear(docker, stack, directory)
    found = data.sources(docker, stack, params["services"], directory)
    call.secrets.update(value for each in found for value in each.secrets.values())
    chosen = data.named(found, params["only"], PLAYBOOK)
    stores = [store for each in chosen for store in each.volumes]
    if params["state"] == "confirmed":
        gone = former.others(docker, stack, directory, stores)
        return _removed(docker, stack, gone, call.check)
    if params["state"] == "former":
        before = {store: name for each in chosen for store, name in each.volumes.items()}
        live = former.go_back(docker, directory, chosen, params["images"], call.check)
        return restore.Restored(
            services=tuple(each.service.name for each in chosen),
            volumes=tuple(volumes.name_of(stack, *each) for each in live.items()),
            former=tuple(before[store] for store in live),
        ).to_dict() | {"changed": True}
    if params["backup"]:
        settings = backup_program.read(Path(params["backup_settings"] or ""))
        place, _ = backup_program.set_up(settings)
        call.secrets.update(str(value) for value in settings["environment"].values())
        if call.check:
            short = place.repository.find(params["backup"]).short
            return restore.Restored(backup=short).to_dict() | {"changed": True}
        with backup.opened(place, found, params["backup"]) as (manifest, files):
            chosen = restore.choose(manifest, found, params["only"], "backup", DUMPS)
            fill = backup.from_backup(manifest, files)
            return _restored(call, docker, chosen, manifest, fill)
    manifest = snapshots.find(
        snapshots.listed(docker, stack, data.any_image(found)), params["name"]
    )
    chosen = restore.choose(manifest, found, params["only"])
    return _restored(call, docker, chosen, manifest, restore.from_snapshot(manifest))


def _restored(
    call: Call,
    docker: Docker,
    chosen: list[data.Source],
    manifest: data.Manifest,
    fill: restore.Fill,
) -> dict[str, Any]:
    stack, directory = call.params["stack_name"], Path(call.params["stack_dir"])
    names = tuple(each.service.name for each in chosen)
    result = restore.Restored(services=names)
    if call.params["backup"]:
        result = replace(result, backup=manifest.name)
    else:
        result = replace(result, name=manifest.name)
    if call.check:
        return result.to_dict() | {"changed": True}
    stores = [store for each in chosen for store in each.volumes]
    others = former.others(docker, stack, directory, stores)
    old = former.expired(
        docker, stack, others, datetime.now(timezone.utc), call.params["keep_days"]
    )
    needed = sum(manifest.services[name].bytes for name in names)
    switched = restore.put_back(docker, directory, chosen, needed, fill)
    return replace(
        result,
        volumes=tuple(
            volumes.name_of(stack, *pair) for each in switched for pair in each.after.items()
        ),
        former=tuple(
            volumes.name_of(stack, *pair) for each in switched for pair in each.before.items()
        ),
        removed=tuple(former.remove(docker, stack, old)),
    ).to_dict() | {"changed": True}


def _removed(docker: Docker, stack: str, gone: dict[str, list[int]], check: bool) -> dict[str, Any]:
    names = [volumes.name_of(stack, store, each) for store in gone for each in gone[store]]
    if not check:
        former.remove(docker, stack, gone)
    return restore.Restored(removed=tuple(names)).to_dict() | {"changed": bool(names)}


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
