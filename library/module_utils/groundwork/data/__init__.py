"""A stack's data: copied while it runs, proven, and put back."""

from . import former, restore, snapshots, upgrade, upgrade_checks
from .clear import clear
from .job import Job, Mount
from .model import Checkpoint, Manifest, Source
from .restore import Restored
from .snapshots import Snapshot, Snapshots
from .sources import any_image, named, sources
from .upgrade import Upgraded
from .upgrade_checks import Move
from .word import check_word

__all__ = [
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
    "any_image",
    "check_word",
    "clear",
    "former",
    "named",
    "restore",
    "snapshots",
    "sources",
    "upgrade",
    "upgrade_checks",
]
