"""The inventory, checked: plain values, or one error that names every mistake."""

from . import layers, vault, workspace
from .apps import App, parse_apps
from .limits import check_limits
from .lines import PLACE
from .logins import Login, further_logins
from .parts import check_parts
from .password_rules import BACKUP_KEY, check, check_backup
from .services import (
    check_names,
    check_stack_name,
    given_passwords,
    migrated,
    parse_services,
    without_passwords,
)
from .trees import SchemaTree, check_target, nameless_tree, parse_trees, tree_name
from .values import unwritable
from .variables import OF_NO_ROLE, name_problems
from .vault import with_passwords

__all__ = [
    "BACKUP_KEY",
    "OF_NO_ROLE",
    "PLACE",
    "App",
    "Login",
    "SchemaTree",
    "check",
    "check_backup",
    "check_limits",
    "check_names",
    "check_parts",
    "check_stack_name",
    "check_target",
    "further_logins",
    "given_passwords",
    "layers",
    "migrated",
    "name_problems",
    "nameless_tree",
    "parse_apps",
    "parse_services",
    "parse_trees",
    "tree_name",
    "unwritable",
    "vault",
    "with_passwords",
    "without_passwords",
    "workspace",
]
