"""The migrations that had a snapshot made first: `migration.json` beside the Compose file.

The next run knows by it of one that was killed, and no rule removes a snapshot that may be needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from .. import files
from ..errors import GroundworkError
from ..records import Record

FILE = "migration.json"
KEPT = timedelta(days=7)
MOST = 5  # of migrations that are done; a day of trying things out may have dozens
# A migration that ended: well, or with nothing of it left; one that was put back needs no snapshot
RUNNING, DONE, FAILED, RESTORED = "running", "done", "failed", "restored"
_FORMAT = 1


@dataclass(frozen=True)
class Note(Record):
    """A migration of a service's tree, and the snapshot that leads back.

    `before` and `after` are revisions, `outside` those of which something stays where they fail;
    `at` when its state became what it is. `interrupted`: a run ended in its midst. `volume` was
    live then; where the snapshot was put back, that is what was put aside.
    """

    service: str = ""
    tree: str = ""
    snapshot: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    state: str = ""
    at: str = ""
    interrupted: bool = False
    volume: str = ""

    @property
    def way(self) -> str:
        """`5a01 → 5a02`."""
        return " → ".join(", ".join(each) or "base" for each in (self.before, self.after))


def read(stack_dir: Path) -> list[Note]:
    """All, the oldest first. Raises GroundworkError where the file can't be understood."""
    path = stack_dir / FILE
    text = files.read(path)
    if text is None:
        return []
    try:
        found = json.loads(text)
        if found["format"] != _FORMAT:
            raise ValueError
        notes = [Note.from_dict(each) for each in found["migrations"]]
        for each in notes:
            datetime.fromisoformat(each.at)
    except (ValueError, LookupError, TypeError):
        raise GroundworkError(
            "The file that says which migrations can be gone back from can't be understood.",
            where=str(path),
            next_step="Remove it: snapshots stay (playbooks/snapshot.yml -e list=true shows them), "
            "and no run knows any more which of them a migration made.",
        ) from None
    return notes


def keep(stack_dir: Path, note: Note, now: datetime) -> None:
    """Write a note down in place of the snapshot's former one; safe over a power cut."""
    at = now.astimezone(timezone.utc).isoformat(timespec="seconds")
    rest = [each for each in read(stack_dir) if each.snapshot != note.snapshot]
    write(stack_dir, [*rest, replace(note, at=at)])


def write(stack_dir: Path, notes: Iterable[Note]) -> None:
    """Replace the file. Raises GroundworkError."""
    content = {"format": _FORMAT, "migrations": [each.to_dict() for each in notes]}
    files.write(stack_dir / FILE, f"{json.dumps(content, indent=1)}\n", 0o644)
    files.flush_directory(stack_dir.resolve())


def running(notes: Iterable[Note], service: str, tree: str) -> Note | None:
    """The one that is under way, or was when a run ended."""
    found = [n for n in notes if (n.service, n.tree, n.state) == (service, tree, RUNNING)]
    return found[-1] if found else None


def interrupted(stack_dir: Path) -> bool:
    """Whether a run ended in the midst of a migration, or nobody can tell."""
    try:
        return any(each.state == RUNNING for each in read(stack_dir))
    except GroundworkError:
        return True


def needed(notes: Iterable[Note], now: datetime) -> set[str]:
    """The snapshots that have to stay: of what isn't done, and the newest of what is.

    Of those that failed one after the other the first is from before all of them.
    """
    known = list(notes)
    late = [
        each
        for each in known
        if each.state == DONE and now - datetime.fromisoformat(each.at) < KEPT
    ]
    newest = sorted(late, key=lambda each: each.at)[-MOST:]
    runs = [each for each in known if each.state not in (DONE, RESTORED, FAILED)]
    failed = sorted((each for each in known if each.state == FAILED), key=lambda each: each.at)
    firsts = {(each.service, each.tree): each for each in reversed(failed)}.values()
    return {each.snapshot for each in (*runs, *newest, *firsts, *failed[-MOST:])}
