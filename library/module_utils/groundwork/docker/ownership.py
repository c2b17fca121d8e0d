"""Which directory a stack belongs to on this machine, for all who use its engine.

A second checkout with the same `stack_name` would take the first one's volumes and give its
databases new passwords. Containers say by a label of Compose's where they were started from, and an
empty volume, `STACK_owner`, says it where there are no containers: by its labels, which the data's
own volumes can't change later. (Before there were such volumes, a note in the home of whoever
started the stack said it; it still counts.)
"""

from __future__ import annotations

import os
import pwd
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import GroundworkError
from ..locking import lease
from ..records import Record
from . import engine
from .cli import Docker

DIRECTORY_LABEL = "groundwork.folder"
USER_LABEL = "groundwork.user"
LOCK = ".lock"  # a run's, in the stack's directory, where it is this machine's own
WORKING_DIR_LABEL = "com.docker.compose.project.working_dir"


@dataclass(frozen=True)
class StackOwner(Record):
    """A directory of a Compose file, and the user it belongs to (`""` where nobody can say)."""

    directory: Path
    user: str = ""

    def __str__(self) -> str:
        """For a sentence."""
        return f"{self.directory}, of the user {self.user}" if self.user else str(self.directory)


def state_dir() -> Path:
    """Where a person's own notes of this project are."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "groundwork"


def marker_of(stack: str) -> str:
    """The name of the volume that says to whom a stack belongs."""
    return f"{stack}_owner"


def user_name(uid: int | None = None) -> str:
    """The name of a user, of who runs this by default."""
    uid = os.geteuid() if uid is None else uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def other_owner(
    stack: str,
    here: Path,
    containers: Iterable[Mapping[str, Any]],
    volumes: Mapping[str, Mapping[str, str]],
) -> StackOwner | None:
    """Another directory that the stack belongs to, if it still is there.

    `containers` are the stack's, as `docker inspect` tells; `volumes` its volumes with their labels
    (`volumes.listed`).
    """
    marked = volumes.get(marker_of(stack), {})
    if marked.get("directory"):
        found = [StackOwner(Path(marked["directory"]), marked.get("user", ""))]
        if _same(found[0].directory, here):
            return None
    else:
        found = []
    started = {engine.labels(each).get(WORKING_DIR_LABEL, "") for each in containers}
    found += [StackOwner(Path(directory)) for directory in sorted(started) if directory]
    if volumes and not found and (note := _note(stack)):
        found.append(StackOwner(Path(note)))
    for owner in found:
        if not _same(owner.directory, here) and _stands(owner.directory):
            return StackOwner(owner.directory, owner.user or _user_of(owner.directory))
    return None


def started_elsewhere(container: Mapping[str, Any], here: Path) -> bool:
    """Whether Compose made an inspected container from another directory than `here`.

    What it has mounted is from there, though its configuration be the same.
    """
    directory = engine.labels(container).get(WORKING_DIR_LABEL, "")
    return bool(directory) and not _same(Path(directory), here)


def refusal(stack: str, here: Path, owner: StackOwner, advice: str = "") -> GroundworkError:
    """The error that says whose a stack is. `advice` comes before the ways out that there are.

    Another user's stack (but to root) is not this user's to move or stop, so neither is advised.
    """
    own_name = (
        "Give this one a name of its own (stack_name) and its own ports, in groundwork.yml or "
        "inventory/group_vars/dev/local.yml (docs/workspace.md)."
    )
    if owner.user in ("", user_name()) or os.geteuid() == 0:
        next_step = f"{advice or own_name} {_move(owner.directory, here)}"
    else:
        next_step = f"{own_name} The other one is for {owner.user} to change, stop or remove."
    return GroundworkError(
        f"The stack {stack!r} and its data belong to another directory already.",
        where=str(owner),
        next_step=next_step,
    )


def _move(directory: Path, here: Path) -> str:
    """How a stack gets from `directory` to `here`."""
    there, new = shlex.quote(str(directory)), shlex.quote(str(here))
    way, kept = f"mv {there} {new}", ""
    if here.exists():  # into which mv would put the other
        old = shlex.quote(f"{here}.before")
        way, kept = f"mv {new} {old} && {way}", f" What was here is in {old} then."
    return (
        f"Or, where that directory is yours, move it here with its passwords: `{way}`, then run "
        f"again (data stay).{kept}"
    )


def claim(docker: Docker, stack: str, directory: Path) -> None:
    """Write into the marker that a stack belongs to `directory` now.

    Raises GroundworkError where it belongs to another directory that still is there.
    """
    labels = _marked(docker, stack)
    for _ in range(2):
        if labels is None:
            given = (f"{DIRECTORY_LABEL}={directory}", f"{USER_LABEL}={user_name()}")
            named = [part for label in given for part in ("--label", label)]
            made = docker.run("volume", "create", *named, marker_of(stack))
            if not made.ok:
                raise GroundworkError(
                    f"The stack's owner can't be written down: {made.error}",
                    where=f"the volume {marker_of(stack)}",
                    next_step="See that `docker volume ls` works for this user, then run again.",
                )
            labels = _marked(docker, stack) or {}
        owner = Path(labels.get(DIRECTORY_LABEL, "/"))
        if _same(owner, directory):
            return
        if _stands(owner):
            raise refusal(stack, directory, StackOwner(owner, labels.get(USER_LABEL, "")))
        docker.run("volume", "rm", marker_of(stack))
        labels = None
    raise GroundworkError(
        f"Somebody else is taking the stack {stack!r} at this moment.",
        where=f"the volume {marker_of(stack)}",
        next_step="Run again.",
    )


def _marked(docker: Docker, stack: str) -> dict[str, str] | None:
    found = docker.inspect("volume", [marker_of(stack)])
    return engine.labels(found[marker_of(stack)]) if found else None


def _same(one: Path, other: Path) -> bool:
    return one == other or one.resolve() == other.resolve()


def _stands(directory: Path) -> bool:
    """Whether a stack's directory is there. One that this user may not look into is.

    A first run claims the stack before it writes the Compose file; the lock says it until then.
    """
    try:
        (directory / "docker-compose.yml").stat()
    except (FileNotFoundError, NotADirectoryError):
        return lease.holder(directory / LOCK) is not None
    except OSError:
        return True
    return True


def _user_of(directory: Path) -> str:
    """Whose a directory is, or where this user may not look, the directory that it is in."""
    for each in (directory, *directory.parents):
        try:
            return user_name(each.stat().st_uid)
        except OSError:
            continue
    return ""


def _note(stack: str) -> str:
    try:
        return (state_dir() / stack).read_text(encoding="utf-8").strip()
    except OSError:
        return ""
