"""Checks every variable of the run before anything happens, on the controller."""

from __future__ import annotations

from collections.abc import Iterator
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
from ansible.module_utils.groundwork.config import (
    OF_NO_ROLE,
    check_backup,
    check_limits,
    check_names,
    check_parts,
    check_stack_name,
    check_target,
    name_problems,
    nameless_tree,
    parse_apps,
    parse_services,
    parse_trees,
    workspace,
)
from ansible.module_utils.groundwork.config import check as check_secrets
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork_errors import known
from ansible.module_utils.groundwork_workspace import load, named
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

_ROLES = Path(__file__).resolve().parents[2] / "roles"
_NOT_OF_THE_STACK = ("ansible_", "inventory_", "group_names")


_ONE_TREE = ("schema_dir", "schema_service", "schema_alembic_ini")


class ActionModule(ActionBase):
    _requires_connection = False
    BYPASS_HOST_LOOP = True
    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        roles = [str(role) for role in self._task.args["roles"]]
        checked, seen = 0, list[dict[str, Any]]()
        try:
            play = self._task.get_play()
            tags = {tag for block in play.tasks for tag in _tags(block)}
            check_parts(variables["ansible_run_tags"], variables["ansible_skip_tags"], tags)
            self._check_workspace(variables)
        except GroundworkError as error:
            return {"failed": True, "changed": False, "msg": str(error)}
        for host, inventory, of_host in _hosts(variables):
            self._templar.available_variables = of_host
            try:
                # A dozen variables are made from the services; have those worked out once. The same
                # text may be another password on each host.
                of_host["stack_services"] = self._worth("stack_services", of_host)
                stack = inventory | {"stack_services": of_host["stack_services"]}
                if stack not in seen:
                    seen.append(stack)
                    checked += self._check(roles, of_host)
            except GroundworkError as error:
                several = len(variables["ansible_play_batch"]) > 1
                text = f"{host}: {error}" if several else str(error)
                return {"failed": True, "changed": False, "msg": text}
        return {"changed": False, "checked": checked}

    def _check(self, roles: list[str], variables: dict[str, Any]) -> int:
        check_stack_name(self._worth("stack_name", variables))
        services = parse_services(variables["stack_services"])
        check_limits(self._worth("stack_limits", variables) or {})
        apps = parse_apps(self._worth("env_files_apps", variables), services)
        check_names("stack_rotate", self._worth("stack_rotate", variables) or [], services)
        trees = []
        if given := self._worth("schema_trees", variables):
            trees = parse_trees(given, services, apps)
        elif self._worth("schema_dir", variables):
            directory, service, ini = (str(self._worth(x, variables) or "") for x in _ONE_TREE)
            seed = self._worth("schema_seed", variables)
            nameless_tree(directory, service, ini, services, seed)
        asked = ("schema_target", "schema_tree", "schema_stamp")
        target, tree, stamp = (str(self._worth(name, variables) or "") for name in asked)
        check_target([each.name for each in trees], target or "head", tree, stamp)
        # One that is no truth value is refused with the role's other variables
        if boolean(self._worth("stack_require_secrets", variables), strict=False):
            check_secrets(services, self._worth("vault_passwords", variables))
        if boolean(self._worth("backup_enabled", variables) or False, strict=False):
            check_backup(str(self._worth("backup_key", variables) or ""))
        return self._check_roles(roles, variables)

    def _check_workspace(self, variables: dict[str, Any]) -> None:
        """A workspace's files hold variables of Groundwork alone: nobody else reads them."""
        directory = named(self._loader, Path(variables["inventory_dir"]))
        if directory is None:
            return
        roles = [path.parent.parent.name for path in _ROLES.glob("*/meta/argument_specs.yml")]
        options = {name for role in roles for name in self._spec(role)} | OF_NO_ROLE
        for group in ("all", *variables["groups"]):
            for file in workspace.workspace_files(directory, group):
                # Of other groups' files nobody may know the vault's password
                if not file.is_file() or file == workspace.vault_file(directory, group):
                    continue
                given = load(self._loader, file) or {}
                if problems := workspace.unknown_names(given, options):
                    raise GroundworkError(
                        "The workspace's variables can't be used; nothing was changed.",
                        where=str(file),
                        details=problems,
                        next_step="Correct the named variables and run again.",
                    )

    def _worth(self, name: str, variables: dict[str, Any]) -> Any:
        try:
            return self._templar.template(variables.get(name))
        except AnsibleError as error:
            raise known(error) or GroundworkError(
                f"{name} can't be worked out: {error}",
                where="inventory/group_vars",
                next_step="Correct it and run again; nothing was changed.",
            ) from None

    def _check_roles(self, roles: list[str], variables: dict[str, Any]) -> int:
        specs = {role: self._spec(role) for role in roles}
        problems = name_problems(variables, specs)
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
        for directory in C.config.get_config_value("DEFAULT_ROLES_PATH"):
            file = Path(directory) / role / path
            if file.exists():
                return yaml_load(file.read_text(encoding="utf-8"))
        return {}

    def _spec(self, role: str) -> dict[str, dict[str, Any]]:
        meta = self._role_file(role, "meta/argument_specs.yml") or {}
        if not meta:
            raise GroundworkError(
                f"There is no role {role!r} with a meta/argument_specs.yml.",
                where="inspect_roles",
                next_step="Name roles of this project, or see roles_path in ansible.cfg.",
            )
        options: dict[str, dict[str, Any]] = meta["argument_specs"]["main"].get("options", {})
        return options

    def _defaults(self, role: str) -> dict[str, Any]:
        defaults: dict[str, Any] = self._role_file(role, "defaults/main.yml") or {}
        return defaults


def _tags(task: Any) -> Iterator[str]:
    """The tags of a task, or of all tasks in a block."""
    yield from task.tags
    for each in (getattr(task, part, None) or () for part in ("block", "rescue", "always")):
        for inner in each:
            yield from _tags(inner)


def _hosts(
    variables: dict[str, Any],
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The play's hosts: name, what the inventory says of the stack there, and all variables there.

    `variables`: those of the first one.
    """
    hosts = variables["hostvars"]
    first, *others = variables["ansible_play_batch"]
    inventory = hosts.raw_get(first)
    yield first, _stack(inventory), dict(variables)
    # What roles, play and task say is the same for all
    same = {name: value for name, value in variables.items() if name not in inventory}
    for host in others:
        own = hosts.raw_get(host)
        yield host, _stack(own), same | own


def _stack(variables: dict[str, Any]) -> dict[str, Any]:
    """Without what Ansible itself gives each host, and how it is reached."""
    return {k: v for k, v in variables.items() if not k.startswith(_NOT_OF_THE_STACK)}
