"""One run at a time: a lock that knows its owner, and is void when the owner's process is gone."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import subprocess
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from .errors import GroundworkError


@dataclass(frozen=True)
class Owner:
    """The run that holds the lock: its process, when that started, who, since when."""

    pid: int
    started: str
    user: str
    since: str


def process_start(pid: int) -> str:
    """When a process started, in words that stay the same while it lives; `""` for none."""
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except OSError:
            return ""
        state, *fields = stat.rpartition(")")[2].split()
        return "" if state == "Z" else fields[18]  # the 22nd of all: ticks since the boot
    return _ps(pid, "lstart")


def process_parent(pid: int) -> int:
    """The process that started another one."""
    return int(_ps(pid, "ppid"))


def _ps(pid: int, column: str) -> str:
    done = subprocess.run(
        ["ps", "-o", f"{column}=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TZ": "UTC", "LC_ALL": "C"},
    )
    return done.stdout.strip()


def acquire(path: Path, pid: int) -> None:
    """Take the lock for process `pid`, the run itself; its end frees it, however it ends.

    Raises GroundworkError that names the owner where another run, still alive, holds it.
    """
    owner = Owner(
        pid, process_start(pid), getpass.getuser(), datetime.now().isoformat(" ", "seconds")
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(asdict(owner)), encoding="utf-8")
    try:
        for _ in range(10):
            try:
                path.hardlink_to(temporary)  # whole or not at all, and only one can win
            except FileExistsError:
                holder = _read(path)
                if holder and holder.pid == pid:
                    return
                if holder and process_start(holder.pid) == holder.started:
                    raise GroundworkError(
                        f"Another run is changing this stack: process {holder.pid} of "
                        f"{holder.user}, since {holder.since}.",
                        where=str(path),
                        next_step="Wait until it is done, then run again. Nothing was changed.",
                    ) from None
                _discard(path, holder)
            else:
                return
    finally:
        temporary.unlink(missing_ok=True)
    raise GroundworkError(
        "The lock of this stack changes hands all the time.",
        where=str(path),
        next_step="See which runs are under way, and run again.",
    )


def _read(path: Path) -> Owner | None:
    try:
        return Owner(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _discard(path: Path, stale: Owner | None) -> None:
    """Remove a stale lock, unless somebody took it over meanwhile."""
    aside = path.with_name(f"{path.name}.stale.{os.getpid()}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    if _read(aside) != stale:
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(aside)
    aside.unlink(missing_ok=True)
