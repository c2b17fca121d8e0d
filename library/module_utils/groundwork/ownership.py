"""Which folder a stack belongs to on this machine, remembered beyond its containers.

A second checkout with the same `stack_name` would adopt the first one's volumes and give its
databases new passwords. The note is a person's own (`~/.local/state/groundwork/NAME`).
"""

from __future__ import annotations

import os
from pathlib import Path


def _note(stack: str) -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "groundwork" / stack


def folder_of(stack: str) -> str:
    """The folder of the Compose file that a stack was last started from, or `""`."""
    try:
        return _note(stack).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def claim(stack: str, folder: Path) -> None:
    """Remember that a stack belongs to `folder` now."""
    if folder_of(stack) != str(folder):
        note = _note(stack)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"{folder}\n", encoding="utf-8")
