"""What of the machine itself, and of a running database, is brought in line."""

from . import bundle, firewall, postgres_init, postgres_roles
from .firewall import rules

__all__ = ["bundle", "firewall", "postgres_init", "postgres_roles", "rules"]
