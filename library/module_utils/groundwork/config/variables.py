"""The names of variables in the inventory: old ones, and those that are mistyped."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping

from .layers import CHANGES

# Variables of the inventory that no role reads
OF_NO_ROLE = frozenset({"vault_passwords", "workspace_dir", CHANGES})

# Variables of before, by the one that says it now; all others of `observe_` are `inspect_`
_RENAMED = {
    "stack_name": "env_files_stack_name observe_stack_name",
    "stack_services": "env_files_services firewall_services images_services observe_services "
    "schema_ca_file schema_database schema_host schema_password_variable schema_port "
    "schema_sslmode schema_user",
    "stack_dir": "env_files_stack_dir observe_stack_dir observe_version_table_file "
    "schema_env_file schema_version_table_file",
    "stack_bridge": "firewall_bridge",
    "stack_password_length": "observe_password_length",
    "stack_reset_passwords": "observe_reset_passwords",
    "stack_rotate": "observe_rotate",
    "workspace_dir": "env_files_workspace_dir observe_workspace_dir",
    "env_files_apps": "observe_apps",
    "env_files_tunnel_ssh": "observe_tunnel",
    "images_sources": "observe_sources",
    "images_registry": "observe_registry",
    "images_build_dir": "observe_build_dir",
    "schema_dir": "observe_schema_dir",
    "schema_service": "observe_schema_service",
    "schema_alembic_ini": "observe_alembic_ini",
    "docker_daemon_options": "observe_daemon",
    "firewall_enabled": "observe_firewall",
    "toolbox_directories": "toolbox_folders",
}


def name_problems(given: Iterable[str], specs: Mapping[str, Collection[str]]) -> list[str]:
    """A sentence for each variable that has another name now, or is nearly one of a role's.

    `specs` are the variables of each role. What has nothing to do with a role is a person's own.
    """
    known = {name for spec in specs.values() for name in spec} | OF_NO_ROLE
    renamed = {old: new for new, names in _RENAMED.items() for old in names.split()}
    inspect = [name for name in known if name.startswith("inspect_")]
    renamed |= {name.replace("inspect", "observe", 1): name for name in inspect}
    names = set(given)
    problems = [f"{old} is {renamed[old]} now." for old in sorted(names & set(renamed))]
    for name in sorted(names - known - set(renamed)):
        if name.startswith(tuple(f"{role}_" for role in specs)):
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
            if near:
                problems.append(f"{name}: no such variable. Did you mean {near[0]!r}?")
    return problems
