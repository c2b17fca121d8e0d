"""Compose brought to what its files say, and what that changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import engine
from .docker import Docker
from .errors import GroundworkError

_PORT_TAKEN = ("port is already allocated", "address already in use")
_UP = ("up", "--detach", "--no-build", "--pull", "never", "--remove-orphans")


def up(docker: Docker, project: str, folder: Path) -> dict[str, str]:
    """Start what differs from the files in `folder`; doesn't wait until it is healthy.

    Returns what happened to each service: created, recreated, started, removed; nothing for those
    that ran as they should. Raises GroundworkError with Compose's own last lines.
    """
    before = _look(docker, project)
    result = docker.run(
        *("compose", "--ansi", "never", "--progress", "plain"),
        *("--project-directory", str(folder), *_UP),
        timeout=600,
    )
    if not result.ok:
        taken = any(sign in result.stderr for sign in _PORT_TAKEN)
        raise GroundworkError(
            "The services can't be started.",
            where=str(folder / "docker-compose.yml"),
            details=result.stderr.strip().splitlines()[-8:],
            next_step="Somebody took a port just now; run again to see who."
            if taken
            else "Mend what Compose says above and run again; what started keeps running.",
        )
    return compare(before, _look(docker, project))


def _look(docker: Docker, project: str) -> dict[str, tuple[str, str]]:
    found: Mapping[str, Mapping[str, Any]] = engine.containers(docker, project) or {}
    return {name: (item["Id"], item["State"]["StartedAt"]) for name, item in found.items()}


def compare(
    before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]
) -> dict[str, str]:
    """From two looks at (container id, started at) by service, what happened between them."""
    happened = dict.fromkeys(set(before) - set(after), "removed")
    for name, (identity, started) in after.items():
        if name not in before:
            happened[name] = "created"
        elif before[name][0] != identity:
            happened[name] = "recreated"
        elif before[name][1] != started:
            happened[name] = "started"
    return happened
