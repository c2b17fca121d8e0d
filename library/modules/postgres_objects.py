"""Make PostgreSQL's roles, databases, extensions and passwords those of the inventory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork import dotenv, files
from ansible.module_utils.groundwork.config import parse_services
from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.env import as_made, known_values
from ansible.module_utils.groundwork.host import postgres_objects, postgres_roles
from ansible.module_utils.groundwork.tls import ca_file_of
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: postgres_objects
short_description: Make PostgreSQL's roles, databases and extensions those of the inventory
description:
  - A volume of PostgreSQL is made with the role C(postgres) alone. This module makes the role of
    each service's user and its database, and the further databases, roles with their access, and
    extensions that its entry names, through the socket inside the container.
  - Passwords that were made anew for a volume that was there already (C(.new-passwords) beside the
    C(.env) lists them) are set in the running database; with O(force), all of them that the
    database doesn't have.
  - What is there already is left alone, and nothing is dropped. Waits for each server until it
    answers. One that doesn't is left to M(service_health), which says why.
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
  force:
    description: Set every password.
    type: bool
    default: false
  timeout:
    description: How long, in seconds, a server may take until it answers.
    type: int
    default: 60
  docker_cli:
    description: The docker command.
    type: str
    default: docker
attributes:
  check_mode:
    description: Says what would be made or changed.
    support: full
"""

EXAMPLES = r"""
- name: Make the roles and databases of the inventory
  postgres_objects:
    stack_name: groundwork
    services: "{{ stack_services }}"
    stack_dir: "{{ stack_dir }}"
"""

RETURN = r"""
done:
  description: What was made or changed, as sentences.
  returned: success
  type: list
  elements: str
empty:
  description:
    - The databases that were made, by service. They hold nothing that a migration could lose. None
      where C(migration.json) has a migration that a run ended in.
  returned: success
  type: dict
  sample: {postgres: [app]}
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "stack_name": {"type": "str", "required": True},
    "services": {"type": "dict", "required": True},
    "stack_dir": {"type": "path", "required": True},
    "force": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 60},
    "docker_cli": {"type": "str", "default": "docker"},
}


def run(call: Call) -> dict[str, Any]:
    params = call.params
    docker, directory = Docker(params["docker_cli"]), Path(params["stack_dir"])
    kept = dotenv.parse(files.read(directory / ".env") or "")
    noted = postgres_roles.journal(directory)
    ca = str(ca_file_of(directory))
    done: list[str] = []
    made: dict[str, list[str]] = {}
    all_up = True
    for parsed in parse_services(params["services"], ca=ca):
        service = as_made(parsed, kept)
        secrets = known_values(service, kept)
        call.secrets.update(secrets.values())
        if service.kind != "postgres" or service.external:
            continue
        place = docker, params["stack_name"], service, secrets
        if not postgres_objects.wait(*place, params["timeout"]):
            all_up = False
            continue
        renewed = set(secrets) if params["force"] else noted
        ensured = postgres_objects.ensure(*place, renewed, call.check)
        done += [f"{service.name}: {each}" for each in ensured.done]
        if ensured.databases:
            made[service.name] = list(ensured.databases)
    if all_up and not call.check:
        postgres_roles.clear_journal(directory)
    return {"changed": bool(done), "done": done, "empty": _empty(made, directory)}


def _empty(made: dict[str, list[str]], directory: Path) -> dict[str, list[str]]:
    if not (directory / "migration.json").exists():  # the package `data` takes its time to import
        return made
    from ansible.module_utils.groundwork.data import notes

    return {} if made and notes.interrupted(directory) else made


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
