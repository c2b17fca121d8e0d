"""A stack's data: copied while it runs, proven, and put back."""

from . import (
    backup,
    backup_program,
    former,
    notes,
    restore,
    snapshots,
    upgrade,
    upgrade_checks,
    way_back,
)
from .backup import Backups
from .clear import clear
from .job import Job, Mount
from .model import Checkpoint, Manifest, Source
from .restore import Restored
from .snapshots import Snapshot, Snapshots
from .sources import any_image, named, sources
from .upgrade import Upgraded
from .upgrade_checks import Move
from .way_back import WayBack
from .word import check_word

__all__ = [
    "Backups",
    "Checkpoint",
    "Job",
    "Manifest",
    "Mount",
    "Move",
    "Restored",
    "Snapshot",
    "Snapshots",
    "Source",
    "Upgraded",
    "WayBack",
    "any_image",
    "backup",
    "backup_program",
    "check_word",
    "clear",
    "former",
    "named",
    "notes",
    "restore",
    "snapshots",
    "sources",
    "upgrade",
    "upgrade_checks",
    "way_back",
]
