"""The inventory, checked: plain values, or one error that names every mistake."""

from . import vault
from .apps import App, parse_apps
from .limits import check_limits
from .logins import Login, further_logins
from .password_rules import check
from .services import (
    check_names,
    check_stack_name,
    given_passwords,
    migrated,
    parse_services,
)
from .values import unwritable
from .variables import name_problems
from .vault import with_passwords

__all__ = [
    "App",
    "Login",
    "check",
    "check_limits",
    "check_names",
    "check_stack_name",
    "further_logins",
    "given_passwords",
    "migrated",
    "name_problems",
    "parse_apps",
    "parse_services",
    "unwritable",
    "vault",
    "with_passwords",
]
