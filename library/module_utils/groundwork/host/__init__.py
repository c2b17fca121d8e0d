"""What of the machine itself, and of a running database, is brought in line."""

from . import (
    bundle,
    database_reset,
    firewall,
    monitoring,
    postgres_facts,
    postgres_init,
    postgres_objects,
    postgres_roles,
    settings_trial,
)
from .firewall import rules
from .monitoring import monitoring_files
from .postgres_objects import ObjectsState

__all__ = [
    "ObjectsState",
    "bundle",
    "database_reset",
    "firewall",
    "monitoring",
    "monitoring_files",
    "postgres_facts",
    "postgres_init",
    "postgres_objects",
    "postgres_roles",
    "rules",
    "settings_trial",
]
