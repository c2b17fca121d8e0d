"""Who runs, with what, and how others are told: the controller's side of the lock."""

from __future__ import annotations

import getpass
import platform
import subprocess
from pathlib import Path
from typing import Any

from .. import environment
from ..errors import GroundworkError
from .lease import process_start
from .results import LockHolder

DIRTY = " with changes"


def claim(run: int, checkout: Path, local: bool) -> dict[str, Any]:
    """What the run of process `run` says of itself; `local`: it changes this very machine."""
    started = process_start(run)
    where = platform.node()
    known = {
        "run": f"{where}/{run}/{started}",
        "who": getpass.getuser(),
        "where": where,
        "revision": revision(checkout),
    }
    return known | ({"process": run, "started": started} if local else {})


def revision(checkout: Path) -> str:
    """The commit that is checked out, `with changes` where files differ; `""` without git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(checkout), "status", "--porcelain=v2", "--branch"],
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
            env=environment.seen() | {"GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = done.stdout.splitlines()
    commit = next((line.split()[2] for line in lines if line.startswith("# branch.oid ")), "")
    dirty = any(not line.startswith("#") for line in lines)
    return f"{commit[:10]}{DIRTY if dirty else ''}" if commit else ""


def sentence(holder: LockHolder) -> str:
    """Whose run is in the way."""
    if holder.process:
        by = f"process {holder.process} of {holder.who}, since {holder.since} UTC"
    else:
        by = f"{holder.who} on {holder.where}, since {holder.since} UTC"
    version = f", with revision {holder.revision}" if holder.revision else ""
    return f"Another run is changing this stack: {by}{version}."


def in_the_way(holder: LockHolder, path: str) -> GroundworkError:
    """Stops a run that would have changed what another one is changing."""
    return GroundworkError(
        sentence(holder),
        where=path,
        next_step="Wait until it is done, then run again. Nothing was changed.",
    )
