"""Checks every variable of the run before anything happens, on the controller."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import yaml_load  # the quick parser, in C
from ansible.module_utils.groundwork.contract import parse_apps
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.inventory import (
    check_names,
    check_stack_name,
    parse_services,
)
from ansible.module_utils.groundwork.inventory_limits import check_limits
from ansible.module_utils.groundwork.secret_rules import check as check_secrets
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

DOCUMENTATION = r"""
action: preflight
short_description: Check the variables of several roles before the first of them acts
description:
  - Checks the services and the apps of the inventory, then the variables of each role against its
    C(meta/argument_specs.yml). Ansible itself checks a role's variables only when that role
    starts, when the roles before it have already changed the host.
  - A variable that is almost one of a role's is taken for a typing mistake.
options:
  stack_name:
    description: The name of the stack.
    type: str
    required: true
  services:
    description: The dictionary C(stack_services).
    type: dict
    required: true
  limits:
    description: The dictionary C(stack_limits).
    type: dict
    default: {}
  apps:
    description: The dictionary C(env_files_apps).
    type: dict
    required: true
  roles:
    description: The roles whose variables are checked.
    type: list
    elements: str
    required: true
  rotate:
    description: The services that get a new password.
    type: list
    elements: str
    default: []
  require_secrets:
    description: Refuse passwords that are missing, default, short or used twice.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Check the inventory
  preflight:
    stack_name: "{{ stack_name }}"
    services: "{{ stack_services }}"
    limits: "{{ stack_limits }}"
    apps: "{{ env_files_apps }}"
    roles: [docker, images, stack]
"""

RETURN = r"""
checked:
  description: How many variables were checked.
  returned: success
  type: int
"""


class ActionModule(ActionBase):
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        args = self._task.args
        try:
            check_stack_name(args["stack_name"])
            services = parse_services(args["services"])
            check_limits(args.get("limits", {}))
            parse_apps(args["apps"], services)
            check_names("stack_rotate", args.get("rotate") or [], services)
            if boolean(args.get("require_secrets", False)):
                check_secrets(services, self._templar.template(variables.get("vault_passwords")))
            checked = self._check_roles([str(role) for role in args["roles"]], variables)
        except GroundworkError as error:
            return {"failed": True, "changed": False, "msg": str(error)}
        return {"changed": False, "checked": checked}

    def _check_roles(self, roles: list[str], variables: dict[str, Any]) -> int:
        specs = {role: self._spec(role) for role in roles}
        problems = _near_misses(specs, variables)
        for role, spec in specs.items():
            given: dict[str, Any] = {}
            for name in spec:
                if name in variables:
                    try:
                        given[name] = self._templar.template(variables[name])
                    except AnsibleError as error:
                        problems.append(f"{name} can't be worked out: {error}")
            # A default of the role fills what the inventory leaves out, once the role runs.
            defaults = self._defaults(role)
            wanted = {
                name: option | {"required": bool(option.get("required")) and name not in defaults}
                for name, option in spec.items()
            }
            result = ArgumentSpecValidator(wanted).validate(given)
            problems += [f"{message} (role {role})" for message in result.error_messages]
        if problems:
            raise GroundworkError(
                "The inventory can't be used as it is; nothing was changed.",
                where="inventory/group_vars",
                details=problems,
                next_step="Correct the named variables and run again. "
                "roles/ROLE/meta/argument_specs.yml says what each of them takes.",
            )
        return sum(len(spec) for spec in specs.values())

    def _role_file(self, role: str, path: str) -> Any:
        for folder in C.config.get_config_value("DEFAULT_ROLES_PATH"):
            file = Path(folder) / role / path
            if file.exists():
                return yaml_load(file.read_text(encoding="utf-8"))
        return {}

    def _spec(self, role: str) -> dict[str, dict[str, Any]]:
        meta = self._role_file(role, "meta/argument_specs.yml") or {}
        if not meta:
            raise GroundworkError(
                f"There is no role {role!r} with a meta/argument_specs.yml.",
                where="observe_roles",
                next_step="Name roles of this project, or see roles_path in ansible.cfg.",
            )
        options: dict[str, dict[str, Any]] = meta["argument_specs"]["main"].get("options", {})
        return options

    def _defaults(self, role: str) -> dict[str, Any]:
        defaults: dict[str, Any] = self._role_file(role, "defaults/main.yml") or {}
        return defaults


def _near_misses(
    specs: dict[str, dict[str, dict[str, Any]]], variables: dict[str, Any]
) -> list[str]:
    known = {name for spec in specs.values() for name in spec}
    problems = []
    for name in sorted(set(variables) - known):
        if name.startswith(tuple(f"{role}_" for role in specs)):
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
            if near:
                problems.append(f"{name}: no such variable. Did you mean {near[0]!r}?")
    return problems
