"""Show where databases are in their Alembic trees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork import dotenv, files
from ansible.module_utils.groundwork.config import parse_services
from ansible.module_utils.groundwork.env import as_made, known_values
from ansible.module_utils.groundwork.migrations import SchemaSetup, histories
from ansible.module_utils.groundwork.tls import ca_file_of
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: schema_history
short_description: Show where databases are in their Alembic trees
description:
  - For each tree the database's revisions, the heads, what is pending, and all its revisions. Reads
    the tree's files and asks the databases; neither Alembic nor the tree's code runs.
options:
  services:
    description: The dictionary C(stack_services) of the inventory.
    type: dict
    required: true
  stack_dir:
    description: The directory of the Compose file and its C(.env), which has the passwords.
    type: path
    required: true
  trees:
    description: The trees, as the filter C(groundwork_trees) gives them.
    type: list
    elements: dict
    required: true
attributes:
  check_mode:
    description: Changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Show the revisions
  schema_history:
    services: "{{ stack_services }}"
    stack_dir: "{{ stack_dir }}"
    trees: "{{ stack_trees }}"
"""

RETURN = r"""
trees:
  description: The trees, in the order given.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The tree's name; empty for that of C(schema_dir).
      returned: always
      type: str
    service:
      description: The service whose database it is for.
      returned: always
      type: str
    database:
      description: The database.
      returned: always
      type: str
    directory:
      description: The directory with C(env.py).
      returned: always
      type: str
    state:
      description: How the database is against the tree; state, current, heads, pending, error.
      returned: always
      type: dict
    revisions:
      description: Its revisions, the newest first.
      returned: always
      type: list
      elements: dict
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "services": {"type": "dict", "required": True},
    "stack_dir": {"type": "path", "required": True},
    "trees": {"type": "list", "elements": "dict", "required": True},
}


def run(call: Call) -> dict[str, Any]:
    params = call.params
    directory = Path(params["stack_dir"])
    kept = dotenv.parse(files.read(directory / ".env") or "")
    ca = str(ca_file_of(directory))
    services = [as_made(each, kept) for each in parse_services(params["services"], ca=ca)]
    secrets: dict[str, str] = {}
    for service in services:
        secrets |= known_values(service, kept)
    call.secrets.update(secrets.values())
    found = histories(services, [SchemaSetup.from_dict(each) for each in params["trees"]], secrets)
    return {"trees": [each.to_dict() for each in found]}


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
