"""Give a migration a way back: a snapshot before it, and what becomes of that."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork import data, dotenv, files
from ansible.module_utils.groundwork.config import parse_services
from ansible.module_utils.groundwork.data import way_back
from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.env import as_made, known_values
from ansible.module_utils.groundwork.migrations import SchemaSetup, foresee
from ansible.module_utils.groundwork.tls import ca_file_of
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: migration_snapshot
short_description: Give a migration a way back
description:
  - Before a migration, makes a snapshot of that PostgreSQL where pending revisions do what a
    transaction doesn't undo, and notes it in C(migration.json) beside the Compose file. Afterwards
    notes that it is done, or where it failed puts the snapshot back, or says how.
  - What revisions do is read from their files. None of the tree's code runs.
  - A migration that a run was killed in is found by the note; its snapshot is the way back then.
  - Of an external service, and of an empty database, no snapshot is made.
options:
  state:
    description:
      - V(before) a migration, V(done) after it, V(failed) where it failed. That fails too, with
        O(failure) and what became of the data, unless the snapshot was put back.
    type: str
    choices: [before, done, failed]
    required: true
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
  tree:
    description: The tree, as the filter C(groundwork_trees) gives it.
    type: dict
    required: true
  target:
    description: Where the database is brought, as in M(alembic_migrate).
    type: str
    default: head
  snapshot:
    description:
      - V(auto) makes one where it is needed, V(always) where any revision is pending, V(never)
        none.
    type: str
    choices: [auto, always, never]
    default: auto
  on_failure:
    description: V(restore) puts the snapshot back, V(ask) says how to.
    type: str
    choices: [restore, ask]
    default: restore
  revision:
    description: The revision that failed; empty where none was under way.
    type: str
    default: ""
  failure:
    description: What the migration said when it failed.
    type: str
    default: ""
  word:
    description: What names this stack.
    type: str
    required: true
  host:
    description: The machine's name in the inventory.
    type: str
    default: ""
  docker_cli:
    description: The docker command.
    type: str
    default: docker
attributes:
  check_mode:
    description: Says which snapshot would be made, and why.
    support: full
"""

EXAMPLES = r"""
- name: Make a snapshot where the migration needs one
  migration_snapshot:
    state: before
    stack_name: groundwork
    services: "{{ stack_services }}"
    stack_dir: "{{ stack_dir }}"
    tree: "{{ stack_trees | first }}"
    word: groundwork
"""

RETURN = r"""
tree:
  description: The tree's name.
  returned: success
  type: str
snapshot:
  description: The snapshot that leads back; empty where there is none.
  returned: success
  type: str
because:
  description: Why it is made, a sentence's end for each revision.
  returned: success
  type: list
  elements: str
interrupted:
  description: The revisions of the migration that an earlier run was killed in.
  returned: success
  type: str
command:
  description: What puts the snapshot back.
  returned: success
  type: str
restored:
  description: Whether it was put back; the service's container has yet to be made anew.
  returned: success
  type: bool
removed:
  description: Snapshots of earlier migrations that were removed, since none needs them any more.
  returned: success
  type: list
  elements: str
message:
  description: O(failure), with what became of the data.
  returned: success
  type: str
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["before", "done", "failed"], "required": True},
    "stack_name": {"type": "str", "required": True},
    "services": {"type": "dict", "required": True},
    "stack_dir": {"type": "path", "required": True},
    "tree": {"type": "dict", "required": True},
    "target": {"type": "str", "default": "head"},
    "snapshot": {"type": "str", "choices": list(way_back.MODES), "default": "auto"},
    "on_failure": {"type": "str", "choices": list(way_back.ON_FAILURE), "default": "restore"},
    "revision": {"type": "str", "default": ""},
    "failure": {"type": "str", "default": ""},
    "word": {"type": "str", "required": True},
    "host": {"type": "str", "default": ""},
    "docker_cli": {"type": "str", "default": "docker"},
}


def run(call: Call) -> dict[str, Any]:
    params, now = call.params, datetime.now(timezone.utc)
    docker, directory = Docker(params["docker_cli"]), Path(params["stack_dir"])
    setup = SchemaSetup.from_dict(params["tree"])
    sources = data.sources(docker, params["stack_name"], params["services"], directory)
    call.secrets.update(value for each in sources for value in each.secrets.values())
    stack = way_back.stack_of(docker, directory, sources, setup, params)
    if params["state"] == "failed":
        found = way_back.WayBack(setup.name, message=params["failure"])
        if stack and not call.check:
            arguments = (params["revision"], params["failure"], params["on_failure"])
            found = way_back.failed(stack, *arguments, now)
        # Where it was put back, the service has to start before the play may end
        told = {"changed": found.restored, "failed": not found.restored, "msg": found.message}
        return found.to_dict() | told
    if stack is None:
        return way_back.WayBack(setup.name).to_dict()
    if params["state"] == "done":
        return (way_back.WayBack(setup.name) if call.check else way_back.done(stack, now)).to_dict()
    outlook = foresee(*_login(params, directory, setup), params["target"])
    found = way_back.begin(stack, outlook, params["snapshot"], now, call.check)
    return found.to_dict() | {"changed": bool(found.snapshot) and not found.interrupted}


def _login(params: Any, directory: Path, setup: SchemaSetup) -> tuple[Any, SchemaSetup, Any]:
    kept = dotenv.parse(files.read(directory / ".env") or "")
    parsed = parse_services(params["services"], ca=str(ca_file_of(directory)))
    service = next(as_made(each, kept) for each in parsed if each.name == setup.service)
    return service, setup, known_values(service, kept)


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
