"""What keeps a run's lock on another machine: a process beside the run, as long as that lives.

It renews the lease. When the run is over, however it ended, it writes the run's line into the log
there and frees the lock. The run tells it what it did through a file in a folder that both know.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .identity import entry
from .lease import LEASE, process_start

Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]
REPORT = "report.json"
LOST = "lost"
_PAUSE = 0.2
_TRIES = 4
_PATIENCE = 600.0  # seconds for the last commands of a run that was killed


@dataclass(frozen=True)
class Watch:
    """The run (`process`, `started`), what it claimed, the files there, and the folder here."""

    process: int
    started: str
    claim: Mapping[str, Any]
    path: str
    log: str
    folder: Path
    every: float = LEASE / 4


def guard(watch: Watch, ask: Ask) -> None:
    """Hold the lock until the run is over. `ask` reaches the machine; it may raise OSError."""
    began = time.time()
    due = time.monotonic() + watch.every
    lost = False
    while not (_report(watch).get("ended") or lost or _gone(watch)):
        if time.monotonic() >= due:
            lost = _lost(watch, ask)
            due = time.monotonic() + watch.every
        time.sleep(_PAUSE)
    if lost:  # two at once would harm each other: this one has to stop
        (watch.folder / LOST).touch()
        with contextlib.suppress(OSError):
            if not _gone(watch):
                os.kill(watch.process, signal.SIGINT)
    _leave(watch, ask, began, lost)
    if not lost or _gone(watch):  # else the run still reads in there why it was stopped
        shutil.rmtree(watch.folder, ignore_errors=True)


def _leave(watch: Watch, ask: Ask, began: float, lost: bool) -> None:
    """Write the log and free the lock; not before the last command of a killed run has ended."""
    told = _report(watch)
    line = entry(watch.claim, told, time.time() - float(told.get("began") or began))
    asked = {"do": "leave", "path": watch.path, "run": watch.claim["run"], "log": watch.log}
    patient = not (told.get("ended") or lost)
    deadline = time.monotonic() + _PATIENCE
    failures = 0
    while failures < _TRIES:
        patient = patient and time.monotonic() < deadline
        try:
            if not ask(asked | {"entry": line, "patient": patient}).get("busy"):
                return
            time.sleep(1)
        except OSError:
            failures += 1
            time.sleep(min(LEASE / _TRIES, watch.every))


def _gone(watch: Watch) -> bool:
    return process_start(watch.process) != watch.started


def _lost(watch: Watch, ask: Ask) -> bool:
    """Whether the lock is another run's by now. Where it can't be asked: unknown."""
    try:
        asked = {"do": "renew", "path": watch.path, "run": watch.claim["run"]}
        return ask(asked).get("held") is False
    except OSError:
        return False


def _report(watch: Watch) -> dict[str, Any]:
    try:
        found = json.loads((watch.folder / REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def report(folder: Path, content: Mapping[str, Any]) -> None:
    """The run's part: what it did so far. Without the folder nobody listens any more."""
    with contextlib.suppress(OSError):
        temporary = folder / f"{REPORT}.new"
        temporary.write_text(json.dumps(content), encoding="utf-8")
        temporary.replace(folder / REPORT)


def wait(folders: list[Path], seconds: float) -> bool:
    """Whether the guards of these folders are done, or will be within `seconds`."""
    deadline = time.monotonic() + seconds
    while any(folder.exists() for folder in folders):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
