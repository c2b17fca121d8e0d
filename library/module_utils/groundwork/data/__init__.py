"""A stack's data: copied while it runs, proven, and put back."""

from .job import Job, Mount
from .model import Checkpoint, Manifest, Source

__all__ = ["Checkpoint", "Job", "Manifest", "Mount", "Source"]
