"""A stack's data: copied while it runs, proven, and put back."""

from . import former, restore, snapshots
from .clear import clear
from .job import Job, Mount, jobs
from .model import Checkpoint, Manifest, Source
from .restore import Restored
from .snapshots import Snapshot, Snapshots
from .sources import any_image, named, sources

__all__ = [
    "Checkpoint",
    "Job",
    "Manifest",
    "Mount",
    "Restored",
    "Snapshot",
    "Snapshots",
    "Source",
    "any_image",
    "clear",
    "former",
    "jobs",
    "named",
    "restore",
    "snapshots",
    "sources",
]
