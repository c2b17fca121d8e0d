"""The services of the inventory as the Compose template and the variables read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible.errors import AnsibleFilterError
from ansible.module_utils.groundwork.config import (
    nameless_tree,
    parse_apps,
    parse_services,
    parse_trees,
    tree_name,
)
from ansible.module_utils.groundwork.env import tunnel
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.host import backup_files, monitoring_files
from ansible.module_utils.groundwork.migrations import setup_of
from ansible.module_utils.groundwork.services import describe
from ansible.module_utils.groundwork.state import Inspection, unwell
from ansible.module_utils.groundwork.tls import ca_file_of

DOCUMENTATION = r"""
name: groundwork_services
short_description: The services of the inventory, checked, with all that is computed from them
description:
  - Takes C(stack_services) and returns a dictionary of the same keys.
  - Each value has name, kind, prefix, host, port, publish, options, secret_variable, file_variable
    and env. I(env) maps a suffix such as C(PORT) to a reference such as C(${REDIS_PORT}).
  - No value holds a secret.
options:
  _input:
    description: The dictionary of services.
    type: dict
    required: true
"""

EXAMPLES = r"""
- ansible.builtin.debug:
    msg: "{{ (stack_services | groundwork_services).postgres.host }}"
"""

RETURN = r"""
_value:
  description: The services by name.
  type: dict
"""


def groundwork_services(
    services: Mapping[str, Any], stack_dir: str = ""
) -> dict[str, dict[str, Any]]:
    ca = str(ca_file_of(Path(stack_dir))) if stack_dir else ""
    try:
        parsed = parse_services(services, ca=ca)
        return {service.name: describe(service) for service in parsed}
    except GroundworkError as error:
        raise AnsibleFilterError(str(error)) from None


def groundwork_trees(
    services: Mapping[str, Any],
    trees: Any,
    one: Mapping[str, Any],
    apps: Mapping[str, Any],
    places: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The Alembic trees (see `SchemaSetup`), each with its service (as above) as C(login).

    I(one) is the tree of C(schema_dir), where there is no list: dir, service, alembic_ini, seed.
    I(places): workspace and stack_dir; sent, where trees without a Python of their own were sent;
    controller, where paths start on this computer, for trees that run here.
    """
    try:
        parsed = parse_services(services, ca=str(ca_file_of(Path(places["stack_dir"]))))
        known_apps = parse_apps(apps, parsed)
        if trees:
            wanted = parse_trees(trees, parsed, known_apps)
        else:
            names = (one["dir"], one["service"], one["alembic_ini"])
            single = nameless_tree(*names, parsed, one.get("seed"))
            wanted = [single] if single else []
    except GroundworkError as error:
        raise AnsibleFilterError(str(error)) from None
    by_name = {service.name: service for service in parsed}
    by_app = {app.name: app for app in known_apps}
    found = []
    for tree in wanted:
        sent = ""
        if places.get("sent") and (not tree.python or tree.run_on == "controller"):
            sent = f"{places['sent']}/alembic{f'-{tree.name}' if tree.name else ''}"
        setup = setup_of(tree, by_app, places["workspace"], places["stack_dir"], sent)
        login = describe(by_name[tree.service]) if tree.service else {}
        entry = setup.to_dict() | {"login": login, "controller": {}}
        if sent and tree.run_on == "controller":
            # env.py's version table is remembered on the machine, and the app's file is for there
            own = setup_of(tree, by_app, places["controller"], places["stack_dir"])
            entry["controller"] = own.to_dict() | {"version_table_file": "", "env_file": ""}
        found.append(entry)
    return found


def groundwork_sent_trees(trees: Any, schema_dir: str, directory: str) -> dict[str, str]:
    """The trees' directories that a machine gets, by their names there; paths of the controller.

    Those with a Python of their own are on the machine already, unless they run on the controller.
    """
    if not trees:
        return {"alembic": schema_dir} if schema_dir else {}
    return {
        f"alembic-{tree_name(each)}": str(Path(directory, each["directory"]).expanduser())
        for each in trees
        if isinstance(each, Mapping)
        and each.get("directory")
        and (not each.get("python") or each.get("run_on") == "controller")
    }


def groundwork_tunnel(services: Mapping[str, Any], ssh: Mapping[str, Any], offset: Any) -> str:
    """The command that opens an SSH tunnel to the services (see `tunnel.command`)."""
    try:
        return tunnel.command(parse_services(services), ssh, int(offset))
    except GroundworkError as error:
        raise AnsibleFilterError(str(error)) from None


def groundwork_unwell(inspected: Mapping[str, Any]) -> list[str]:
    """What is wrong or pending, of a result of stack_info (see `state.unwell`)."""
    return unwell(Inspection.from_dict(inspected))


def groundwork_monitoring(asked: Mapping[str, Any], trees: Sequence[Any]) -> dict[str, str]:
    """The files of the timer for the metrics (see `host.monitoring_files`)."""
    return monitoring_files({**asked, "params": {**asked["params"], "trees": list(trees)}})


def groundwork_backup(asked: Mapping[str, Any]) -> dict[str, str]:
    """The files of the timer for the backups (see `host.backup_files`)."""
    return backup_files(asked)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {
            "groundwork_services": groundwork_services,
            "groundwork_sent_trees": groundwork_sent_trees,
            "groundwork_trees": groundwork_trees,
            "groundwork_tunnel": groundwork_tunnel,
            "groundwork_unwell": groundwork_unwell,
            "groundwork_monitoring": groundwork_monitoring,
            "groundwork_backup": groundwork_backup,
        }
