"""Say what of a stack is to be made anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork import dotenv, files
from ansible.module_utils.groundwork.config import parse_services
from ansible.module_utils.groundwork.env import as_made
from ansible.module_utils.groundwork.state import refuse_near, reset_of
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: reset_plan
short_description: Say what of a stack is to be made anew
description:
  - Says which service's data are to be made anew, and of a PostgreSQL which databases, each with
    the digest of what it is made from (revisions, seed, extensions, access). Changes nothing.
  - Refuses a service that isn't there or is external, and on a shared machine one without the
    stack's word before it.
options:
  service:
    description: The service, as C(SERVICE) or C(WORD/SERVICE).
    type: str
    default: ""
  database:
    description: The one database of a PostgreSQL; empty, all of them.
    type: str
    default: ""
  word:
    description: What names this stack; where that isn't O(stack_name), it has to be given.
    type: str
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
  trees:
    description: The Alembic trees, as the filter C(groundwork_trees) gives them.
    type: list
    elements: dict
    default: []
  names:
    description: Names of variables; one that is nearly C(database) is refused where that is empty.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Says the same.
    support: full
"""

EXAMPLES = r"""
- name: Check what is to be reset
  reset_plan:
    service: postgres
    word: groundwork
    stack_name: groundwork
    services: "{{ stack_services }}"
    stack_dir: "{{ stack_dir }}"
    trees: "{{ stack_trees }}"
"""

RETURN = r"""
service:
  description: The service.
  returned: success
  type: str
databases:
  description: The databases; none where the service's data go as a whole.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The database.
      returned: always
      type: str
    owner:
      description: The role that owns it.
      returned: always
      type: str
    digest:
      description: The digest of what it is made from.
      returned: always
      type: str
    trees:
      description: Its trees, by their names.
      returned: always
      type: list
      elements: str
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "service": {"type": "str", "default": ""},
    "database": {"type": "str", "default": ""},
    "word": {"type": "str", "required": True},
    "stack_name": {"type": "str", "required": True},
    "services": {"type": "dict", "required": True},
    "stack_dir": {"type": "path", "required": True},
    "trees": {"type": "list", "elements": "dict", "default": []},
    "names": {"type": "list", "elements": "str", "default": []},
}


def run(call: Call) -> dict[str, Any]:
    params = call.params
    if not params["database"]:
        refuse_near(params["names"])
    kept = dotenv.parse(files.read(Path(params["stack_dir"]) / ".env") or "")
    found = reset_of(
        params["service"],
        params["database"],
        params["word"],
        params["stack_name"],
        [as_made(each, kept) for each in parse_services(params["services"])],
        params["trees"],
    )
    return found.to_dict()


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
