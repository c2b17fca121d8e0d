"""Put a copy of its template in a PostgreSQL database's place, or make that template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork import dotenv, files
from ansible.module_utils.groundwork.config import parse_services
from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.env import as_made, known_values
from ansible.module_utils.groundwork.host import database_reset
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: database_reset
short_description: Put a copy of its template in a PostgreSQL database's place
description:
  - Works as the cluster's owner, through the socket inside the container. Whoever is connected to
    the database is disconnected.
  - The template is a database of the same server that takes no connections, C(NAME~template).
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
    description: The service.
    type: str
    required: true
  database:
    description: The database; one of the service's entry.
    type: str
    required: true
  digest:
    description: What the template has to be made from; empty, none is taken.
    type: str
    default: ""
  step:
    description:
      - V(ask) does nothing. V(copy) puts a copy of the template in the database's place, where
        there is one of this O(digest); otherwise it does nothing, and says so in RV(ready).
      - V(begin) sets the database aside and makes an empty one, with its roles' access and
        extensions. V(keep) makes that the template, and does V(copy). V(undo) brings back what was
        set aside.
    type: str
    choices: [ask, copy, begin, keep, undo]
    default: copy
  docker_cli:
    description: The docker command.
    type: str
    default: docker
attributes:
  check_mode:
    description: Asks only whether there is a template.
    support: full
"""

EXAMPLES = r"""
- name: Create the database anew from its template
  database_reset:
    stack_name: groundwork
    services: "{{ stack_services }}"
    stack_dir: "{{ stack_dir }}"
    service: postgres
    database: app
    digest: "{{ reset.digest }}"
"""

RETURN = r"""
ready:
  description: Whether there was a template of this O(digest).
  returned: success
  type: bool
restored:
  description: Whether V(undo) brought a database back.
  returned: success
  type: bool
database:
  description: The database.
  returned: success
  type: str
"""

STEPS = ["ask", "copy", "begin", "keep", "undo"]
ARGUMENT_SPEC: dict[str, Any] = {
    "stack_name": {"type": "str", "required": True},
    "services": {"type": "dict", "required": True},
    "stack_dir": {"type": "path", "required": True},
    "service": {"type": "str", "required": True},
    "database": {"type": "str", "required": True},
    "digest": {"type": "str", "default": ""},
    "step": {"type": "str", "choices": STEPS, "default": "copy"},
    "docker_cli": {"type": "str", "default": "docker"},
}


def run(call: Call) -> dict[str, Any]:
    params = call.params
    kept = dotenv.parse(files.read(Path(params["stack_dir"]) / ".env") or "")
    found = {each.name: each for each in parse_services(params["services"])}
    service = as_made(found[params["service"]], kept)
    secrets = known_values(service, kept)
    call.secrets.update(secrets.values())
    place = database_reset.Place(
        Docker(params["docker_cli"]), params["stack_name"], service, params["database"], secrets
    )
    done = database_reset.do(place, params["step"], params["digest"], call.check)
    return {"changed": done.changed, "database": params["database"], **done.to_dict()}


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
