"""What of the machine itself, and of a running database, is brought in line."""

from . import bundle, firewall, first_start, postgres_roles
from .firewall import rules

__all__ = ["bundle", "firewall", "first_start", "postgres_roles", "rules"]
