"""The log of the runs that changed a machine: a line at the start of each, another at its end.

A run that was interrupted is a start without an end. Only the standard library: where the machine
is another one, the text of this file is sent to its Python.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

LOG_BYTES = 256 * 1024
EVERY = 10**6  # more runs than a log can hold
MOST = 30  # lines of changes in an entry
LONGEST = 200  # letters in one of them


def started(claim: Mapping[str, Any], at: str, playbook: str, why: Iterable[str]) -> dict[str, Any]:
    """The line at the start of a run, from what it claimed the lock with."""
    known = {key: claim[key] for key in ("run", "who", "where", "revision")}
    return {"at": at, **known, "playbook": playbook, "why": _short(why)}


def ended(start: Mapping[str, Any], outcome: Mapping[str, Any]) -> dict[str, Any]:
    """The line at its end. It says all that the first one did: a log may have lost that by then."""
    why, changed = outcome.get("why") or start["why"], outcome.get("changed") or []
    return {**start, **outcome, "why": _short(why), "changed": _short(changed)}


def reasons(plan: Mapping[str, Iterable[str]]) -> list[str]:
    """Why there is something to do, from the inspection's plan."""
    return [f"{part}: {why}" for part, whys in plan.items() for why in whys]


def _short(texts: Iterable[str]) -> list[str]:
    lines = [str(text).splitlines()[0][:LONGEST] for text in texts if str(text).strip()]
    if len(lines) > MOST:
        lines = [*lines[: MOST - 1], f"and {len(lines) - MOST + 1} more"]
    return lines


def append(path: Path, entry: Mapping[str, Any]) -> None:
    """Add a line. A log that grew too long loses its older half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = file.read()
        if len(text) > LOG_BYTES:
            file.truncate(0)
            file.write(text[-LOG_BYTES // 2 :].partition(b"\n")[2])
        elif text and not text.endswith(b"\n"):  # the machine went down in the middle of a line
            file.write(b"\n")
        file.write(json.dumps(entry).encode() + b"\n")


def tail(path: Path, count: int) -> list[dict[str, Any]]:
    """The last runs, newest first, each with its `result`; a line that can't be read is left out.

    Lines of older versions, one for each run, name no `run`.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return []
    runs: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(reversed(lines)):
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, dict):
                # A process may run several playbooks, one after the other
                run = f"{entry['run']} {entry.get('at')}" if entry.get("run") else f"line {number}"
                runs.setdefault(run, {"result": "interrupted", **entry})
        if len(runs) == count:
            break
    return list(runs.values())


def serve(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a controller asks for: to add an `entry` to the log at `path`, or its last runs
    and the last one that went well."""
    path = Path(asked["path"])
    if "entry" not in asked:
        runs = tail(path, EVERY)
        well = (each for each in runs if each["result"] == "ok")
        return {"runs": runs[: asked["count"]], "succeeded": next(well, None)}
    with contextlib.suppress(OSError):  # a full disk stops no run, and doesn't keep its lock
        append(path, asked["entry"])
    return {}
