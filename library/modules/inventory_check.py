"""What action/inventory_check.py does on the controller, for ansible-doc."""

from __future__ import annotations

DOCUMENTATION = r"""
module: inventory_check
short_description: Check the inventory of all hosts of a play before anything happens
description:
  - Checks the services, the apps and the passwords of the inventory (C(stack_name),
    C(stack_services), C(stack_limits), C(stack_rotate), C(stack_require_secrets),
    C(vault_passwords), C(env_files_apps), C(schema_service)), then the variables of each role
    against its C(meta/argument_specs.yml). Ansible itself checks a role's variables only when that
    role starts, when the roles before it have already changed the host.
  - A variable that is almost one of a role's is taken for a typing mistake. One that has another
    name by now is refused with that name.
  - Runs once for all hosts, and stops all of them where one has a mistake. Those with the same
    variables are checked once, since templating takes a fifth of a second for each.
options:
  roles:
    description: The roles whose variables are checked.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Check the inventory
  inventory_check:
    roles: [docker, images, stack]
"""

RETURN = r"""
checked:
  description: How many variables were checked; hosts with the same ones count once.
  returned: success
  type: int
"""
