"""The firewall's rules as the role firewall writes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible.errors import AnsibleFilterError
from ansible.module_utils.groundwork.config import parse_services
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.host import rules

DOCUMENTATION = r"""
name: groundwork_firewall
short_description: The rules that guard the services' published ports
description:
  - Takes C(stack_services) and returns what each file of rules should hold, by its name.
options:
  _input:
    description: The dictionary of services.
    type: dict
    required: true
  bridge:
    description: The stack's network interface.
    type: str
    required: true
  allow_from:
    description: The networks that may reach a service that doesn't name its own.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- ansible.builtin.debug:
    msg: "{{ stack_services | groundwork_firewall('gw-groundwork', ['10.0.0.0/24']) }}"
"""

RETURN = r"""
_value:
  description: Texts for iptables-restore and ip6tables-restore, by the file's name.
  type: dict
"""


def groundwork_firewall(
    services: Mapping[str, Any], bridge: str, allow_from: list[str] | None = None
) -> dict[str, str]:
    try:
        managed = [service for service in parse_services(services) if not service.external]
        return rules(managed, bridge, allow_from or [])
    except GroundworkError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"groundwork_firewall": groundwork_firewall}
