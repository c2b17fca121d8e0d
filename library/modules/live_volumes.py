"""Say of stores that their first volumes are the live ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork.docker import volumes
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: live_volumes
short_description: Say of stores that their first volumes are the live ones
description:
  - Takes stores out of C(volumes.json) in the stack's directory, which says which volume of a store
    is live (docs/data.md). What it doesn't name has its first volume, which is made where it isn't
    there.
  - For stores whose data go. Other entries stay as they are.
options:
  stack_dir:
    description: The directory of the Compose file; it needn't be there any more.
    type: path
    required: true
  forget:
    description: The stores, C(postgres) or C(mail.conf) say.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    description: Says whether the file would be written.
    support: full
"""

EXAMPLES = r"""
- name: Ensure that volumes.json names PostgreSQL no more
  live_volumes:
    stack_dir: "{{ workspace_dir }}/infra"
    forget: [postgres]
"""

RETURN = r"""
forgotten:
  description: Those of the stores that the file named.
  returned: success
  type: list
  elements: str
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "stack_dir": {"type": "path", "required": True},
    "forget": {"type": "list", "elements": "str", "required": True},
}


def run(call: Call) -> dict[str, Any]:
    stack_dir, asked = Path(call.params["stack_dir"]), set(call.params["forget"])
    named = sorted(asked & set(volumes.read(stack_dir)))
    if named and not call.check:
        volumes.forget(stack_dir, named)
    return {"changed": bool(named), "forgotten": named}


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
