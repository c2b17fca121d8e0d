"""Whether a volume's file system has room, asked where the volume is.

On Docker Desktop the engine's disk isn't the computer's.
"""

from __future__ import annotations

from ..docker import CommandResult
from ..errors import GroundworkError
from .job import Job, Mount
from .model import Source

RESERVE = 0.05  # of the file system, which stays free
MARGIN = 1.2  # what is needed is an estimate

_DF = 'df -Pk "$1" | tail -n 1'


def check(source: Source, volume: str, needed: int) -> None:
    """Raise GroundworkError where the file system of a new `volume` has less than `needed` bytes
    and a reserve. New volumes are where containers are, so a running one is asked.
    """
    asked = source.docker.run("exec", source.container, "df", "-Pk", "/", timeout=60)
    if not source.container or not asked.ok:  # it may have no such program
        job = Job(source.docker, source.stack, source.image, (Mount(volume, "/volume"),))
        asked = job.run(_DF, "/volume", timeout=60)
    judge(asked, needed, "the restored data")


def judge(asked: CommandResult, needed: int, purpose: str) -> None:
    """The same, of what `df -Pk` said in its last line."""
    words = "".join(asked.stdout.strip().splitlines()[-1:]).split()
    if not asked.ok or len(words) < 6 or not words[1].isdigit() or not words[3].isdigit():
        raise GroundworkError(
            f"The free space for {purpose} can't be told: {asked.error or asked.stdout.strip()}",
            where="the engine's disk",
            next_step="See that `docker run` works with the stack's images, then run again.",
        )
    total, free = int(words[1]) * 1024, int(words[3]) * 1024
    if missing := lacking(total, free, needed):
        raise GroundworkError(
            f"There is no room for {purpose}: it takes about {_mb(needed * MARGIN)}, and "
            f"{_mb(free)} of {_mb(total)} are free. {_mb(missing)} are missing.",
            where="the engine's disk",
            next_step="Make room (`docker system df`; playbooks/snapshot.yml -e remove=NAME takes "
            "a snapshot away), then run again. Nothing was changed.",
        )


def lacking(total: int, free: int, needed: int) -> int:
    """How many bytes are missing; 0 where there is room. Pure; all in bytes."""
    return max(0, int(needed * MARGIN + total * RESERVE) - free)


def _mb(size: float) -> str:
    return f"{-(-size // 1_000_000):.0f} MB"
