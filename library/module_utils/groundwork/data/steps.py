"""What the service types' ways with data have in common: a server that is waited for, and words."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ..docker import CommandResult
from ..errors import GroundworkError
from .model import Source

UNTOUCHED = "The service and its volume are as they were. "
LONG = 6 * 3600.0  # seconds; a server that reads all its data takes as long as the disk does
NO_COPY, NOT_EMPTY, BROKEN = 20, 21, 22
# In scripts: $1 is a directory; a file system of its own may have lost+found
IS_EMPTY = f"""
is_empty() {{
  for each in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ ! -e "$each" ] || [ "$each" = "$1/lost+found" ] || exit {NOT_EMPTY}
  done
}}
"""
_LINES = 15  # of a program's or server's last words


def synced(place: str) -> str:
    """A line of a script: what was written on the file system of `place` is on its disk."""
    return f"sync -f {place} 2>/dev/null || sync"


def last(text: str) -> list[str]:
    """A program's last words."""
    return text.strip().splitlines()[-_LINES:]


def failed(what: str, source: Source, done: CommandResult, next_step: str) -> GroundworkError:
    """A step that failed, with what its program said."""
    words = last(done.stderr) or last(done.stdout)
    return GroundworkError(what, where=source.stack, details=words, next_step=next_step)


def not_filled(source: Source, done: CommandResult) -> GroundworkError:
    """A job that didn't fill a new volume, by its code (NO_COPY and so on)."""
    name = source.service.name
    what, advice = {
        NO_COPY: (f"There is no whole copy of {name}.", "Choose another copy."),
        NOT_EMPTY: (f"{name}'s new volume isn't empty.", "Run again with a new volume."),
        BROKEN: (
            f"The copy of {name} is damaged: its files aren't those that were copied.",
            "Choose another copy, and see to the disk that this one is on.",
        ),
    }.get(done.code, (f"{name}'s new volume can't be filled.", "See what it says, then run again."))
    return failed(what, source, done, UNTOUCHED + advice)


def differs(source: Source, lacking: list[str]) -> GroundworkError:
    """A copy that came up with something else than it should have."""
    return GroundworkError(
        f"The copy of {source.service.name} doesn't have all that it should.",
        where=source.stack,
        details=lacking[:_LINES],
        next_step=f"{UNTOUCHED}Choose another copy.",
    )


def require_volumes(source: Source, *places: str) -> None:
    """That volumes are there: the engine makes one that isn't, by mounting it."""
    names = [place for place in places if not place.startswith("/")]
    found = source.docker.inspect("volume", names)
    for name in names:
        if name not in found:
            raise GroundworkError(
                f"The volume {name} is gone.",
                where=source.stack,
                next_step=f"{UNTOUCHED}Run again.",
            )


def container_of(source: Source) -> str:
    """The one that runs. Raises GroundworkError where none does."""
    if source.container:
        return source.container
    raise GroundworkError(
        f"{source.service.name} doesn't run, and is copied while it does.",
        where=source.stack,
        next_step="Start the stack, then run again.",
    )


def wait(source: Source, container: str, ready: Callable[[], bool]) -> None:
    """Until a throw-away server is ready; raises GroundworkError where it ends before that."""
    deadline = time.monotonic() + LONG
    while not ready():
        if not state_of(source, container).get("Running"):
            raise unproven(source, container, "doesn't start")
        if time.monotonic() > deadline:
            raise unproven(source, container, f"isn't ready after {LONG / 3600:g} hours")
        time.sleep(0.1)


def stop(source: Source, container: str, fine: tuple[int, ...]) -> None:
    """End a throw-away server in order: with one of these exit codes."""
    stopped = source.docker.run("stop", "--time", "3600", container, timeout=3660)
    if not stopped.ok:
        raise unproven(source, container, f"doesn't stop: {stopped.error}")
    code = state_of(source, container).get("ExitCode")
    if code not in fine:
        raise unproven(source, container, f"didn't end in order (exit code {code})")


def state_of(source: Source, container: str) -> dict[str, Any]:
    """A container's state, empty where it is gone."""
    found = source.docker.inspect("container", [container]).get(container)
    state: dict[str, Any] = found["State"] if found else {}
    return state


def unproven(source: Source, container: str, what: str) -> GroundworkError:
    """The throw-away server failed, with the last lines of its log."""
    log = source.docker.run("logs", "--tail", str(_LINES), container)
    return GroundworkError(
        f"The server on {source.service.name}'s new volume {what}.",
        where=source.stack,
        details=last(log.stdout + log.stderr),
        next_step=f"{UNTOUCHED}See what it says, or choose another copy; then run again.",
    )


def memory_of(source: Source) -> str:
    """What bounds the service, for a server in its place; `""` where nothing does."""
    return str(source.service.limits.get("memory") or "")


def kilobytes(done: CommandResult) -> int:
    """The bytes of `du -sk`, of what it said in its last line; 0 where it said none."""
    with suppress(IndexError, ValueError):
        return int(done.stdout.split()[-2]) * 1024
    return 0
