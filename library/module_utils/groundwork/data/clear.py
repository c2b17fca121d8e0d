"""What runs that were killed left of work on a stack's data."""

from __future__ import annotations

from pathlib import Path

from ..docker import Docker, jobs
from . import restore


def clear(docker: Docker, stack: str, stack_dir: Path) -> None:
    """Stop and remove their containers, then the volumes that they were filling.

    For whoever has the deploy lock: nobody else's work for this stack goes on then.
    """
    jobs.clear(docker, stack)
    restore.clear(docker, stack, stack_dir)
