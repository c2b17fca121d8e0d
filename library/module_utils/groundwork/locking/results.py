"""What another machine answers about its lock and its log, and what the modules make of it.

The programs there (lease.py, audit_log.py) are plain text to another Python and know no records.
"""

from __future__ import annotations

import calendar
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..records import Record


@dataclass(frozen=True)
class LockHolder(Record):
    """The run that holds the lock, since when (UTC); `process` where it runs on that machine."""

    run: str = ""
    who: str = ""
    where: str = ""
    revision: str = ""
    since: str = ""
    process: int = 0


@dataclass(frozen=True)
class LeaseAnswer(Record):
    """What `lease.serve` says, of which each question gets a part.

    take: the `holder` in the way, or whether the run `kept` its lock; renew: whether it `held`,
    None where that wasn't asked; a patient leave: `busy`; inspect: the `holder`.
    """

    holder: LockHolder | None = None
    kept: bool = False
    held: bool | None = None
    busy: bool = False


@dataclass(frozen=True)
class LockResult(Record):
    """The result of the module run_lock: whose run is in the way, a sentence; else, the first time
    on another machine, the file that the heartbeat reads. `""` for neither."""

    waiting: str = ""
    heartbeat: str = ""


@dataclass(frozen=True)
class SchemaMove(Record):
    """The revisions before and after a run."""

    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class LoggedRun(Record):
    """A run of the log; `seconds` is None where it has no end."""

    result: str = ""
    run: str = ""
    at: str = ""
    who: str = ""
    where: str = ""
    playbook: str = ""
    revision: str = ""
    why: tuple[str, ...] = ()
    seconds: float | None = None
    changed: tuple[str, ...] = ()
    schema: SchemaMove = field(default_factory=SchemaMove)
    trees: Mapping[str, SchemaMove] = field(default_factory=dict)  # where there are several
    stopped: str = ""

    @property
    def ended(self) -> float:
        """When it ended, in seconds since 1970; without an end, when it began; 0 where the log's
        time can't be read."""
        try:
            began = calendar.timegm(time.strptime(self.at, "%Y-%m-%d %H:%M:%S"))
        except ValueError:
            return 0.0
        return began + (self.seconds or 0.0)


@dataclass(frozen=True)
class RunsResult(Record):
    """The result of the module run_log: who has the lock now; the last runs, newest first; the last
    one that went well, however long ago."""

    holder: LockHolder | None = None
    runs: tuple[LoggedRun, ...] = ()
    succeeded: LoggedRun | None = None

    def over(self, count: int) -> RunsResult:
        """At most `count` runs, without the holder's: that one goes on, and isn't interrupted."""
        now = self.holder.run if self.holder else None
        runs = (each for each in self.runs if each.run != now or each.result != "interrupted")
        return RunsResult(self.holder, tuple(runs)[:count], self.succeeded)
