"""One run at a time on a machine. Only the standard library: where the machine is another one, the
text of this file is sent to its Python, before any toolbox is there.

A lock is void when its run is gone: a run on the machine itself is known by its process; one that
comes over a connection has a lease, which the controller renews while the run lives (heartbeat.py).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

LEASE = 60.0  # seconds without a renewal after which a run counts as gone
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class LockEntry:
    """What the lock's file says of the run that holds it: who, from which machine, with which
    revision, since when (UTC).

    `process` and its `started` for a run on the machine itself. Else it holds until the machine
    has been up for `until` seconds, in the boot that it was taken in.
    """

    run: str
    who: str
    where: str
    revision: str
    since: str
    process: int = 0
    started: str = ""
    until: float = 0.0
    boot: str = ""

    def alive(self) -> bool:
        """Whether its run still is."""
        if self.process:
            return process_start(self.process) == self.started
        return self.boot == boot() and uptime() < self.until


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


def uptime() -> float:
    """Seconds since the machine's boot: a clock that nobody sets, and that sleep doesn't stop."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def boot() -> str:
    """What tells this boot of the machine from others."""
    return _BOOT.read_text(encoding="ascii").strip() if _BOOT.exists() else ""


def utc(seconds: float | None = None) -> str:
    """A time (default: now) in UTC, as people read it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


# --- the lock


@dataclass(frozen=True)
class Taken:
    """How taking the lock went: the `holder` that is in the way, or it is this run's, which
    `kept` it where it had it before."""

    holder: LockEntry | None = None
    kept: bool = False


def take(path: Path, claim: Mapping[str, Any]) -> Taken:
    """Take the lock, unless another run that is still alive has it.

    `claim` has run, who, where and revision; process and started for a run on this machine.
    """
    for directory in reversed([each for each in path.parents if not each.exists()]):
        directory.mkdir(exist_ok=True)
        _inherit(directory)
    with _opened(path) as file:
        held = _owner(file)
        if held and held.alive():
            return Taken(kept=True) if held.run == claim["run"] else Taken(held)
        lease = {} if claim.get("process") else {"until": uptime() + LEASE, "boot": boot()}
        _write(file, asdict(LockEntry(**{**claim, **lease, "since": utc()})))
    return Taken()


def renew(path: Path, run: str) -> bool:
    """Hold the lock for another LEASE seconds; False where it is another run's by now."""
    with _opened(path) as file:
        held = _owner(file)
        if not held or held.run != run:
            return False
        _write(file, asdict(held) | {"until": uptime() + LEASE})
    return True


def leave(path: Path, run: str) -> None:
    """Free the lock, if it is this run's."""
    with _opened(path) as file:
        held = _owner(file)
        if held and held.run == run:
            file.truncate(0)


def holder(path: Path) -> LockEntry | None:
    """Whose the lock is now. Only reads."""
    with contextlib.suppress(OSError), path.open(encoding="utf-8") as file:
        held = _owner(file)
        return held if held and held.alive() else None
    return None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """The lock's file, for nobody else at this moment. It is never removed, only emptied."""
    made = not path.exists()
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+", encoding="utf-8") as file:
        if made:
            _inherit(path)
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _inherit(path: Path) -> None:
    """Root may run in a person's directory: what it makes belongs to whom the directory does."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _owner(file: IO[str]) -> LockEntry | None:
    """What cannot be read is nobody's."""
    try:
        return LockEntry(**json.loads(file.read()))
    except (OSError, ValueError, TypeError):
        return None


def _write(file: IO[str], content: Mapping[str, Any]) -> None:
    file.seek(0)
    file.truncate()
    file.write(json.dumps(content))
    file.flush()


def commands_left(pid: int, proc: Path = Path("/proc")) -> int:
    """How many other commands of the SSH connection that started process `pid` still run.

    A command goes on when its controller was killed: sshd doesn't end it. 0 without sshd.
    """
    parents: dict[int, int] = {}
    names: dict[int, str] = {}
    for directory in proc.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            stat = (directory / "stat").read_text(encoding="utf-8", errors="replace")
            before, _, after = stat.rpartition(")")
            state, parent, *_ = after.split()
            if state != "Z":
                parents[int(directory.name)] = int(parent)
                names[int(directory.name)] = before.partition("(")[2]
    while parents.get(pid) and not names.get(parents[pid], "").startswith("sshd"):
        pid = parents[pid]
    session = parents.get(pid)
    return sum(parent == session for parent in parents.values()) - 1 if session else 0


# --- from another machine


def serve(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a controller asks for: `do` is take, renew, leave or inspect; the rest are arguments.

    A `patient` leave waits for commands that the run left behind: it renews, and is `busy`.
    """
    path = Path(asked["path"])
    if asked["do"] == "take":
        return asdict(take(path, asked["claim"]))
    if asked["do"] == "renew":
        return {"held": renew(path, asked["run"])}
    if asked["do"] == "leave":
        if asked.get("patient") and commands_left(os.getpid()) and renew(path, asked["run"]):
            return {"busy": True}
        leave(path, asked["run"])
        return {}
    held = holder(path)
    return {"holder": asdict(held) if held else None}
