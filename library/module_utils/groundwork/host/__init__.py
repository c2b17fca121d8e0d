"""What of the machine itself, and of a running database, is brought in line."""

from . import (
    backup_notes,
    bundle,
    database_reset,
    firewall,
    postgres_facts,
    postgres_init,
    postgres_objects,
    postgres_roles,
    settings_trial,
    timers,
)
from .backup_notes import BackupNote, BackupState
from .backup_timer import backup_files
from .firewall import rules
from .monitoring import monitoring_files
from .postgres_objects import ObjectsState

__all__ = [
    "BackupNote",
    "BackupState",
    "ObjectsState",
    "backup_files",
    "backup_notes",
    "bundle",
    "database_reset",
    "firewall",
    "monitoring_files",
    "postgres_facts",
    "postgres_init",
    "postgres_objects",
    "postgres_roles",
    "rules",
    "settings_trial",
    "timers",
]
