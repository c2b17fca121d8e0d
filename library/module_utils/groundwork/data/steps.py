"""What the service types' ways with data have in common: a server that is waited for, and words."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

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
_TURNS = 72_000  # of 0.05 s
# In a container that waits: a server's process, its log, and its exit code once it has ended
_PID, _LOG, _ENDED = "/tmp/server.pid", "/tmp/server.log", "/tmp/server.ended"  # noqa: S108


def synced(place: str) -> str:
    """A line of a script: what was written on the file system of `place` is on its disk. It fails
    where the disk does; a `sync` that knows no such option never says so."""
    return f"if sync -f /tmp 2>/dev/null; then sync -f {place}; else sync; fi"


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


def start(ready: str) -> str:
    """A script that starts a server (its arguments) in a container that waits; it returns once
    `ready` (a command) succeeds. Where the server ends before, its last words are on standard
    error."""
    return f"""
(
  code=0
  sh -c 'echo $$ >{_PID}; exec "$@"' sh "$@" || code=$?
  echo "$code" >{_ENDED}.new
  mv {_ENDED}.new {_ENDED}
) </dev/null >{_LOG} 2>&1 &
until {ready}; do
  if [ -e {_ENDED} ]; then tail -n 200 {_LOG} >&2; exit 1; fi
  sleep 0.05
done
"""


def until(condition: str) -> str:
    """A line of a script that waits an hour at most; then a server's last words are told."""
    return f"""turns=0
until {condition}; do
  turns=$((turns + 1))
  if [ "$turns" -gt {_TURNS} ]; then tail -n 200 {_LOG} >&2; exit 1; fi
  sleep 0.05
done"""


def end(command: str = f"kill -TERM $(cat {_PID})", fine: Iterable[int] = (0,)) -> str:
    """The script that ends it by a command, and fails where it doesn't end within an hour, and
    with one of these exit codes."""
    codes = "|".join(str(code) for code in fine)
    return f"""
({command}) >/dev/null 2>&1 &
{until(f"[ -e {_ENDED} ]")}
case "$(cat {_ENDED})" in
  {codes}) ;;
  *) tail -n 200 {_LOG} >&2; exit 1 ;;
esac
"""


# Fails, with its last words, where the server has ended by itself
ENDED_BY_ITSELF = f"[ ! -e {_ENDED} ] || {{ tail -n 200 {_LOG} >&2; exit 1; }}"


def unproven(source: Source, what: str, log: str, volume: str = "new volume") -> GroundworkError:
    """The throw-away server failed, with the last lines of its log."""
    return GroundworkError(
        f"The server on {source.service.name}'s {volume} {what}.",
        where=source.stack,
        details=last(log),
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
