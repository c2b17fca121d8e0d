"""A migration with a way back: a snapshot of its PostgreSQL first, and what became of it.

For whoever has the deploy lock. The order outlives a kill at any moment: the snapshot, the note
that names it, the migration, the note that it is done.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..docker import Docker, volumes
from ..errors import GroundworkError
from ..migrations import ANY, NOT_UNDONE, Outlook, SchemaSetup
from ..records import Record
from . import former, notes, restore, snapshots
from .clear import clear
from .model import Manifest, Source
from .notes import Note

AUTO, ALWAYS, NEVER = MODES = ("auto", "always", "never")
RESTORE, ASK = ON_FAILURE = ("restore", "ask")


@dataclass(frozen=True)
class WayBack(Record):
    """The module's result; see migration_snapshot. No `snapshot`: there is no way back."""

    tree: str = ""
    snapshot: str = ""
    because: tuple[str, ...] = ()
    interrupted: str = ""
    command: str = ""
    restored: bool = False
    removed: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True)
class Stack:
    """Where the snapshot is made. `source` is the tree's PostgreSQL, among `sources`; `word` names
    the stack where it isn't a laptop's, `host` is then the inventory's name of the machine."""

    docker: Docker
    directory: Path
    sources: tuple[Source, ...]
    source: Source
    tree: str
    word: str
    host: str

    @property
    def name(self) -> str:
        """The Compose project's."""
        return self.source.stack

    @property
    def service(self) -> str:
        """The PostgreSQL."""
        return self.source.service.name

    @property
    def volume(self) -> str:
        """Its live one."""
        return self.source.volumes[self.service]

    def back(self, snapshot: str) -> str:
        """The command that puts a snapshot back."""
        shared = self.word != self.name
        words = [
            "ansible-playbook playbooks/restore.yml",
            f"-e target={self.host}" if shared else "",
            f"-e snapshot={snapshot}",
            f"-e restore_data={self.word}" if shared else "",
        ]
        return " ".join(filter(None, words))


def why(outlook: Outlook, mode: str) -> tuple[str, ...]:
    """Why a snapshot is made first; nothing where none is. Pure."""
    if mode == NEVER or outlook.empty or not outlook.effects:
        return ()
    return outlook.reasons or (("schema_snapshot is always",) if mode == ALWAYS else ())


def begin(stack: Stack, outlook: Outlook, mode: str, now: datetime, check: bool = False) -> WayBack:
    """Make a snapshot and note it, where it is needed; or find that of a run that was killed.

    Raises GroundworkError where one is needed and can't be made.
    """
    known = notes.read(stack.directory)
    left = notes.running(known, stack.service, stack.tree)
    if left and (outlook.empty or stack.volume != left.volume or outlook.before == left.after):
        if not check:  # it is through, or the data are others now
            notes.keep(stack.directory, replace(left, state=notes.DONE), now)
        left = None
    if not outlook.effects:
        return WayBack(stack.tree)
    because = why(outlook, mode)
    if not because and left is None:
        return WayBack(stack.tree)
    if not check:
        clear(stack.docker, stack.name, stack.directory)
    there = snapshots.listed(stack.docker, stack.name, stack.source.image, clear=not check)
    if left and left.snapshot in {each.name for each in there}:
        return _go_on(stack, left, outlook, now, check)
    if not because:
        return WayBack(stack.tree)
    name = new_name(outlook.after, {each.name for each in there})
    found = WayBack(stack.tree, name, because, command=stack.back(name))
    if check:
        return found
    _make(stack, name, outlook, now)
    return replace(found, removed=tuple(_tidy(stack, there, now)))


def _go_on(stack: Stack, note: Note, outlook: Outlook, now: datetime, check: bool) -> WayBack:
    outside = dict.fromkeys((*note.outside, *outlook.outside))
    again = replace(note, after=outlook.after, outside=tuple(outside), interrupted=True)
    if not check:
        notes.keep(stack.directory, again, now)
    back = stack.back(note.snapshot)
    return WayBack(stack.tree, note.snapshot, interrupted=note.way, command=back)


def _make(stack: Stack, name: str, outlook: Outlook, now: datetime) -> None:
    note = Note(
        service=stack.service,
        tree=stack.tree,
        snapshot=name,
        before=outlook.before,
        after=outlook.after,
        outside=outlook.outside,
        state=notes.RUNNING,
        volume=stack.volume,
    )
    try:
        snapshots.create([stack.source], name, now, f"migration {note.way}")
    except GroundworkError as error:
        error.details.append(
            "Nothing was migrated: a snapshot comes first. -e schema_snapshot=never goes without."
        )
        raise
    notes.keep(stack.directory, note, now)


def new_name(after: Iterable[str], there: Collection[str]) -> str:
    """`migration-HEAD`, or with a number where there is one. Pure."""
    head = "-".join(after).lower() or "base"
    name = f"migration-{re.sub(r'[^a-z0-9.-]', '-', head)[:32]}"
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(each for each in names if each not in there)


def _tidy(stack: Stack, there: Iterable[Manifest], now: datetime) -> list[str]:
    """Remove what migrations needed and don't any more: snapshots, and volumes put aside."""
    known = notes.read(stack.directory)
    needed = notes.needed(known, now)
    old = [each for each in known if each.snapshot not in needed]
    names = {each.name for each in there}
    gone = [each.snapshot for each in old if each.snapshot in names]
    for name in gone:
        snapshots.remove(stack.docker, stack.name, name)
    aside = {each.volume for each in old if each.state == notes.RESTORED}
    store = stack.service
    for generation in former.others(stack.docker, stack.name, stack.directory, [store]).get(
        store, []
    ):
        if volumes.name_of(stack.name, store, generation) in aside:
            former.remove(stack.docker, stack.name, {store: [generation]})
    notes.write(stack.directory, [each for each in known if each not in old])
    return gone


def done(stack: Stack, now: datetime) -> WayBack:
    """The migration is through: so is what failed before it."""
    known = notes.read(stack.directory)
    mine = [n for n in known if (n.service, n.tree) == (stack.service, stack.tree)]
    found = notes.running(mine, stack.service, stack.tree)
    for note in mine:
        if note.state in (notes.RUNNING, notes.FAILED):
            notes.keep(stack.directory, replace(note, state=notes.DONE), now)
    if found is None:
        return WayBack(stack.tree)
    return WayBack(stack.tree, found.snapshot, command=stack.back(found.snapshot))


def failed(stack: Stack, revision: str, failure: str, on_failure: str, now: datetime) -> WayBack:
    """What becomes of a migration that failed, in `revision` (`""`: before any).

    `failure` is what it said; the result's `message` has more. Where something of the revision
    stayed, the snapshot is put back, or its command is named.
    """
    note = notes.running(notes.read(stack.directory), stack.service, stack.tree)
    if note is None:
        return WayBack(stack.tree, message=failure)
    back = stack.back(note.snapshot)
    found = WayBack(stack.tree, note.snapshot, command=back)
    stayed = bool(revision) and bool({revision, ANY} & set(note.outside))
    if not revision and note.interrupted:
        words = f"An earlier run ended in the midst of {note.way}; back to before that: {back}"
        return replace(found, message=_with(failure, words))
    if not stayed:
        notes.keep(stack.directory, replace(note, state=notes.DONE), now)
        words = f"Nothing of it stayed. Back to before this run: {back}"
        return replace(found, message=_with(failure, words if revision else f"Back: {back}"))
    if on_failure == ASK:
        notes.keep(stack.directory, replace(note, state=notes.FAILED), now)
        words = (
            "Nothing was put back, since others may have written meanwhile, and that would be lost."
            f"\n  Back to before the migration: {back}"
        )
        return replace(found, message=_with(failure, words))
    try:
        put_aside = _put_back(stack, note)  # killed in its midst, it is still one that runs
    except GroundworkError as error:
        notes.keep(stack.directory, replace(note, state=notes.FAILED), now)
        words = f"The data can't be put back: {error.what}\n  Once that is right: {back}"
        return replace(found, message=_with(failure, words))
    notes.keep(stack.directory, replace(note, state=notes.RESTORED), now)
    words = (
        f"{stack.service} is as before the migration: the snapshot {note.snapshot} was put back.\n"
        f"  What the failed run left is kept in {put_aside}; to look at it: "
        f"ansible-playbook playbooks/restore.yml -e back=true -e service={stack.service}"
    )
    return replace(found, restored=True, message=_with(failure, words, drop=True))


def _put_back(stack: Stack, note: Note) -> str:
    there = snapshots.listed(stack.docker, stack.name, stack.source.image)
    manifest = snapshots.find(there, note.snapshot)
    chosen = restore.choose(manifest, stack.sources, [stack.service])
    needed = manifest.services[stack.service].bytes
    fill = restore.from_snapshot(manifest)
    restore.put_back(stack.docker, stack.directory, chosen, needed, fill)
    return stack.volume


def _with(failure: str, words: str, drop: bool = False) -> str:
    """A failure's text, and before its advice what became of the data."""
    lines = [line for line in failure.splitlines() if not (drop and line.strip() == NOT_UNDONE)]
    at = next((i for i, line in enumerate(lines) if line.startswith("Next: ")), len(lines))
    return "\n".join(
        [*lines[:at], *(f"  {line.strip()}" for line in words.splitlines()), *lines[at:]]
    )


def stack_of(
    docker: Docker,
    directory: Path,
    found: Iterable[Source],
    setup: SchemaSetup,
    at: Mapping[str, Any],
) -> Stack | None:
    """Where a tree's snapshots are made; None where its PostgreSQL isn't managed here."""
    sources = tuple(found)
    mine = [each for each in sources if each.service.name == setup.service]
    if not mine:
        return None
    return Stack(docker, directory, sources, mine[0], setup.name, at["word"], at["host"])
