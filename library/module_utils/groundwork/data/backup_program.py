"""The program of the timer: makes a backup of this machine's stack, and proves it.

It starts from the toolbox (host/backup_timer.py), with settings that the role backup wrote; the
modules data_backup and data_restore work with the same.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import environment
from ..docker import Docker
from ..errors import GroundworkError
from . import backup
from .backup import BackupPlace
from .model import Source
from .repository import Repository
from .sources import sources


def read(file: Path) -> dict[str, Any]:
    """The settings, of the file that the timer has. Raises GroundworkError."""
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "it is no JSON"
        raise GroundworkError(
            f"The settings of the backups can't be read: {said}.",
            where=str(file),
            next_step="Set backup_enabled and run playbooks/staging.yml, which writes them.",
        ) from None
    return found


def set_up(settings: Mapping[str, Any]) -> tuple[BackupPlace, list[Source]]:
    """From plain data: stack_name, services, stack_dir, repository, directory, password_file,
    environment, keep, lock, patience. Raises GroundworkError."""
    directory = Path(settings["directory"])
    docker, stack = Docker(settings.get("docker_cli") or "docker"), str(settings["stack_name"])
    place = BackupPlace(
        docker=docker,
        stack=stack,
        stack_dir=Path(settings["stack_dir"]),
        repository=Repository(
            str(settings["repository"]),
            stack,
            Path(settings["password_file"]),
            directory / "cache",
            {name: str(value) for name, value in settings["environment"].items()},
        ),
        directory=directory,
        lock=Path(settings["lock"]),
        patience=float(settings["patience"]),
        keep={name: int(count) for name, count in settings["keep"].items()},
    )
    return place, sources(docker, stack, settings["services"], place.stack_dir)


def main(text: str) -> int:
    """The exit status: 0 where the new backup is proven. `text` is JSON, for `set_up`."""
    try:
        with environment.controlled():
            place, found = set_up(json.loads(text))
            note = backup.make(place, found, lambda line: print(line, flush=True))
    except GroundworkError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if note.proven else 1
