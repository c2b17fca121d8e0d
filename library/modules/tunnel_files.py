"""What action/tunnel_files.py does on the controller, for ansible-doc."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tunnel_files
short_description: Write the env files of a laptop that reaches a shared machine through a tunnel
description:
  - Reads the secrets from the machine's own C(.env), over the connection that Ansible has anyway,
    and writes the env file of each app with C(audience=tunnel) on this computer.
  - The addresses in them are those of the tunnel's end here. The command that opens it is returned.
  - Where a service there has TLS by the stack's own CA, its certificate comes along, as
    C(infra/HOST.ca.crt) in the workspace.
  - Only what an app uses is written; nothing is kept besides.
options:
  services:
    description: The dictionary C(stack_services) of the inventory.
    type: dict
    required: true
  apps:
    description: The dictionary C(env_files_apps) of the inventory.
    type: dict
    required: true
  stack_dir:
    description: The directory of the stack's C(.env) on the machine.
    type: path
    required: true
  workspace_dir:
    description: The directory on this computer that the apps' paths start from.
    type: path
    required: true
  ssh:
    description: How a person reaches the machine, C(host), C(user), C(port) and C(key).
    type: dict
    required: true
  offset:
    description: What is added to a service's port to get the one on this computer.
    type: int
    required: true
attributes:
  check_mode:
    description: Says what would be written.
    support: full
  diff_mode:
    description: Shows the lines that change, secrets masked.
    support: full
"""

EXAMPLES = r"""
- name: Write the laptop's env files
  tunnel_files:
    services: "{{ stack_services }}"
    apps: "{{ env_files_apps }}"
    stack_dir: /srv/groundwork/infra
    workspace_dir: "{{ inventory_dir | dirname }}"
    ssh: {host: staging.example.com, user: deploy}
    offset: 10000
"""

RETURN = r"""
files:
  description: Each file with path, action (created, updated, unchanged).
  returned: success
  type: list
  elements: dict
tunnel:
  description: The command that opens the tunnel; empty where no service runs there.
  returned: success
  type: str
"""
