"""What is known on a machine of its backups: a note for each beside them, whether it was proven.

A note is written when a backup is in the repository, and anew when its proof has ended. One that
says nothing of a proof was cut short in it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from ..files import replacing
from ..records import Record

HOURS = 26  # after which without a proven one something is wrong: one a day, and its time
_DIRECTORY = "notes"
_FAILED = "failed.json"
_READ = "read.json"


@dataclass(frozen=True)
class BackupNote(Record):
    """A backup: its whole `id`, when its data were copied (ISO 8601, UTC), how large they were.

    `proven` with the time of the `proof`, or `why` not. `services` are in it; `skipped` has those
    whose data nothing here can copy.
    """

    id: str = ""
    made: str = ""
    bytes: int = 0
    services: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    proven: bool = False
    proof: str = ""
    why: str = ""

    @property
    def verdict(self) -> str:
        """Whether it was proven, in words."""
        if self.proven:
            return "proven"
        return f"not proven: {self.why}" if self.why else "not proven: it was cut short"


@dataclass(frozen=True)
class BackupState(Record):
    """How a machine's backups are: when the newest proven one was `made`, how long that is ago, and
    what the last one that failed since then said. `hours` are how many it may be.
    """

    made: str = ""
    age: float = 0.0  # seconds
    failed: str = ""
    hours: int = HOURS

    @property
    def seconds(self) -> float:
        """When it was made, in seconds since 1970."""
        return _time(self.made).timestamp()

    @property
    def overdue(self) -> str:
        """Why that isn't well, or `""`."""
        if self.made and self.age <= self.hours * 3600:
            return ""
        since = f"for {self.age / 3600:.0f} h" if self.made else "yet"
        return f"no backup was proven {since}" + (f": {self.failed}" if self.failed else "")

    def __str__(self) -> str:
        """In words."""
        return self.overdue or f"proven, {self.age / 3600:.0f} h old ({self.made})"


def iso(now: datetime) -> str:
    """A time as the notes have it."""
    return now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def write(directory: Path, note: BackupNote) -> None:
    """Write a backup's note; a failure that was noted before is over when it's a proven one."""
    _write(directory / _DIRECTORY / f"{note.id}.json", note.to_dict())
    if note.proven:
        (directory / _FAILED).unlink(missing_ok=True)
    elif note.why:
        fail(directory, note.why, note.proof)


def fail(directory: Path, why: str, when: str) -> None:
    """Note why there is no new one."""
    _write(directory / _FAILED, {"why": why, "time": when})


def notes(directory: Path) -> dict[str, BackupNote]:
    """All, by id; what can't be read counts as none."""
    found: dict[str, BackupNote] = {}
    with contextlib.suppress(OSError):
        for path in (directory / _DIRECTORY).glob("*.json"):
            note = BackupNote.from_dict(_read(path))
            if note.id == path.stem:
                found[note.id] = note
    return found


def drop(directory: Path, kept: Collection[str]) -> None:
    """Remove the notes of backups that aren't there any more."""
    for name in set(notes(directory)) - set(kept):
        (directory / _DIRECTORY / f"{name}.json").unlink(missing_ok=True)


def state(directory: Path, now: datetime, hours: int = HOURS) -> BackupState:
    """How the backups of this machine are."""
    made = max((note.made for note in notes(directory).values() if note.proven), default="")
    age = (now - _time(made)).total_seconds() if made else 0.0
    return BackupState(made, age, str(_read(directory / _FAILED).get("why") or ""), hours)


def read_lately(directory: Path, week: str) -> bool:
    """Whether a part of the repository's data was read in this week."""
    return _read(directory / _READ).get("week") == week


def note_reading(directory: Path, week: str) -> None:
    """Note that it was."""
    _write(directory / _READ, {"week": week})


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def _read(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with replacing(path, 0o600) as fresh, fresh.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
