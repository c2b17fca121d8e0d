"""What keeps a run's lock on another machine: a process beside the run, as long as that lives.

It writes the run's first line into the log there, and renews the lease. When the run is over,
however it ended, it frees the lock. A run that comes to its end says how in a file that both know;
that becomes its last line.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from . import audit_log, lease
from .lease import LEASE, process_start
from .results import LeaseAnswer

Ask = Callable[[ModuleType, Mapping[str, Any]], Mapping[str, Any]]
TAKEN_OVER = signal.SIGUSR1  # what a run gets whose lock is another run's by now
_PAUSE = 0.2
_TRIES = 4
_PATIENCE = 600.0  # seconds for the last commands of a run that was killed


@dataclass(frozen=True)
class RunWatch:
    """The run (`process`, `started`) and its first line in the log; the files there; and here, the
    file `outcome`, which is empty until the run ends, and gone when all is done."""

    process: int
    started: str
    entry: Mapping[str, Any]
    path: str
    log: str
    outcome: Path
    every: float = LEASE / 4


def keep(watch: RunWatch, ask: Ask) -> None:
    """Hold the lock until the run is over. `ask` reaches the machine; it may raise OSError."""
    with contextlib.suppress(OSError):  # the line at the end says it all again
        _log(watch, ask, watch.entry)
    due = time.monotonic() + watch.every
    while not ((outcome := _outcome(watch)) or _gone(watch)):
        if time.monotonic() >= due:
            if _lost(watch, ask):  # two at once would harm each other: this one has to stop
                if outcome := _outcome(watch):  # it ended while the machine was asked
                    break
                watch.outcome.unlink(missing_ok=True)
                if not _gone(watch):
                    with contextlib.suppress(OSError):
                        os.kill(watch.process, TAKEN_OVER)
                return
            due = time.monotonic() + watch.every
        time.sleep(_PAUSE)
    _leave(watch, ask, outcome)
    watch.outcome.unlink(missing_ok=True)


def _leave(watch: RunWatch, ask: Ask, outcome: Mapping[str, Any]) -> None:
    """Log the end and free the lock; not before the last command of a killed run has ended."""
    asked = {"do": "leave", "path": watch.path, "run": watch.entry["run"]}
    line = audit_log.ended(watch.entry, outcome) if outcome else {}
    deadline = time.monotonic() + _PATIENCE
    failures = 0
    while failures < _TRIES:
        patient = not outcome and time.monotonic() < deadline
        try:
            if line:
                _log(watch, ask, line)
                line = {}
            if not _answer(ask, asked | {"patient": patient}).busy:
                return
            time.sleep(1)
        except OSError:
            failures += 1
            time.sleep(min(LEASE / _TRIES, watch.every))


def _log(watch: RunWatch, ask: Ask, entry: Mapping[str, Any]) -> None:
    if watch.log:
        ask(audit_log, {"path": watch.log, "entry": entry})


def _answer(ask: Ask, asked: Mapping[str, Any]) -> LeaseAnswer:
    return LeaseAnswer.from_dict(ask(lease, asked))


def _gone(watch: RunWatch) -> bool:
    return process_start(watch.process) != watch.started


def _lost(watch: RunWatch, ask: Ask) -> bool:
    """Whether the lock is another run's by now. Where it can't be asked: unknown."""
    try:
        asked = {"do": "renew", "path": watch.path, "run": watch.entry["run"]}
        return _answer(ask, asked).held is False
    except OSError:
        return False


def _outcome(watch: RunWatch) -> dict[str, Any]:
    """What the run said at its end; nothing before that, nor in the middle of it."""
    try:
        found: dict[str, Any] = json.loads(watch.outcome.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def report(file: Path, outcome: Mapping[str, Any]) -> None:
    """The run's part, at its end. Without the file nobody listens any more."""
    if file.exists():
        file.write_text(json.dumps(outcome), encoding="utf-8")


def wait(files: list[Path], seconds: float) -> bool:
    """Whether what these files are for is done, or will be within `seconds`."""
    deadline = time.monotonic() + seconds
    while any(file.exists() for file in files):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
