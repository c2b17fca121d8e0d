"""Make the databases' passwords those of the stack's .env."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork import dotenv, files
from ansible.module_utils.groundwork.config import parse_services
from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.host import postgres_roles
from ansible.module_utils.groundwork.services import service_type
from ansible.module_utils.groundwork.tls import ca_file_of
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: database_password
short_description: Make the databases' passwords those of the stack's .env
description:
  - A PostgreSQL volume keeps the password that it was made with. This module changes the role's
    password in the running database to the one that the stack's C(.env) holds.
  - Without O(force), does so for those passwords only that were made anew for a volume that was
    there already (C(.new-passwords) beside the C(.env) lists them).
  - A database that has the password already is left alone.
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
    description: Do so for every database.
    type: bool
    default: false
  timeout:
    description: How long, in seconds, a database may take until it answers.
    type: int
    default: 60
  docker_cli:
    description: The docker command.
    type: str
    default: docker
attributes:
  check_mode:
    description: Says which databases would get another password.
    support: full
"""

EXAMPLES = r"""
- name: Set the databases' passwords to those of infra/.env
  database_password:
    stack_name: groundwork
    services: "{{ stack_services }}"
    stack_dir: "{{ stack_dir }}"
    force: true
"""

RETURN = r"""
databases:
  description: The services whose password was changed.
  returned: success
  type: list
  elements: str
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
    changed: list[str] = []
    secrets = dotenv.parse(files.read(directory / ".env") or "")
    noted = postgres_roles.journal(directory)
    ca = str(ca_file_of(directory))
    for service in parse_services(params["services"], ca=ca):
        if service.kind != "postgres" or service.external:
            continue
        variable = service_type(service).secret_variable(service)
        password = service.password or secrets.get(variable, "")
        call.secrets.add(password)
        if not (params["force"] or variable in noted):
            continue
        postgres_roles.wait(docker, params["stack_name"], service, params["timeout"])
        if not postgres_roles.has_password(service, password):
            changed.append(service.name)
            if not call.check:
                postgres_roles.give(docker, params["stack_name"], service, password)
    if not call.check:
        postgres_roles.clear_journal(directory)
    return {"changed": bool(changed), "databases": changed}


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
