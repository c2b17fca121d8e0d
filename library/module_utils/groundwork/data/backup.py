"""A backup: made of a stack's data, put into a repository, and proven by a restore.

    services -> DIR/copy/ (root's alone) -> restic -> DIR/proof/ -> throw-away containers

Redis' and Qdrant's data are copied first and PostgreSQL's last, so it may have rows without
vectors, and never a vector that points at another time's row. Nothing is piped into restic: a
program that breaks off would leave half a file there, as a success. What a run that was killed left
is cleared by the next.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from ..docker import Docker, jobs
from ..errors import GroundworkError
from ..host import BackupNote, backup_notes
from ..locking import LockHolder, claim, in_the_way, lease
from ..records import Record
from . import backup_copy, backup_types
from .job import Job, Mount
from .model import Manifest, Source
from .repository import Backup, Repository, reading
from .restore import Fill
from .sources import again, any_image, require_live

_COPY, _PROOF, _LOCK = "copy", "proof", "lock"
_PAUSE = 2.0  # seconds
_MARGIN = 1.2

Say = Callable[[str], None]


@dataclass(frozen=True)
class BackupPlace:
    """Where a stack's backups are made: its repository, and the `directory` on this machine.

    `keep`: how many by restic's word (daily, weekly). `lock`: the deploy lock's file, waited for
    up to `patience` seconds.
    """

    docker: Docker
    stack: str
    stack_dir: Path
    repository: Repository
    directory: Path
    lock: Path
    patience: float = 1800.0
    keep: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Backups(Record):
    """The module's result; see data_backup."""

    id: str = ""
    said: tuple[str, ...] = ()
    backups: tuple[BackupNote, ...] = ()


def make(place: BackupPlace, sources: Sequence[Source], say: Say) -> BackupNote:
    """Make a backup, prove it, and forget those that aren't kept any more.

    Raises GroundworkError where there is no new one; one that isn't proven is its note.
    """
    with _alone(place):
        try:
            with _told():
                note = _made(place, sources, say)
        except GroundworkError as error:
            backup_notes.fail(place.directory, error.what, backup_notes.iso(_now()))
            raise
        note = _verified(place, sources, note)
        say(f"backup {note.id[:8]} is {note.verdict}")
        if note.proven:
            forgotten = place.repository.forget(place.keep)
            if forgotten:
                kept = [each.id for each in place.repository.backups()]
                backup_notes.drop(place.directory, kept)
            say(f"{forgotten} older ones were removed" if forgotten else "all older ones are kept")
            _read_a_part(place, say)
        return note


def verify(place: BackupPlace, sources: Sequence[Source], wanted: str) -> BackupNote:
    """Prove one (its id's first digits, or `latest`) once more, and note how that went."""
    with _alone(place):
        place.repository.ensure()
        found = place.repository.find(wanted)
        known = backup_notes.notes(place.directory).get(found.id)
        return _verified(place, sources, known or BackupNote(found.id, _seconds(found.time)))


def listed(place: BackupPlace) -> list[BackupNote]:
    """All in the repository, the newest first, with what is known here of their proofs."""
    known = backup_notes.notes(place.directory)
    return [
        known.get(each.id) or BackupNote(each.id, _seconds(each.time), why="not on this machine")
        for each in place.repository.backups()
    ]


@contextmanager
def opened(
    place: BackupPlace, sources: Sequence[Source], wanted: str
) -> Iterator[tuple[Manifest, Path]]:
    """A backup's files on this machine, each checked, and its manifest.

    Raises GroundworkError where it can't be read, or isn't whole.
    """
    with _alone(place):
        place.repository.ensure()
        found = place.repository.find(wanted)
        with _restored(place, sources, found) as (manifest, directory):
            yield replace(manifest, name=found.short), directory


def from_backup(manifest: Manifest, directory: Path) -> Fill:
    """Fills the new volumes of a service from a backup that is `opened`, and proves them."""

    def fill(source: Source, fresh: Mapping[str, str]) -> None:
        name = source.service.name
        kind = backup_types.backup_type(source.service)
        saved = manifest.services[name]
        if kind is None or saved.kind != source.service.kind:
            raise GroundworkError(
                f"{name} is {saved.kind} in the backup, and {source.service.kind} here.",
                where=f"stack_services.{name}",
                next_step="Correct its kind. Nothing was changed.",
            )
        kind.fill(source, saved, str(directory), name, fresh)

    return fill


def _made(place: BackupPlace, sources: Sequence[Source], say: Say) -> BackupNote:
    if place.repository.ensure():
        say(f"a new repository was made in {place.repository.location}")
    copy = place.directory / _COPY
    try:
        with _deploy_lock(place):
            jobs.clear(place.docker, place.stack)
            sources = again(sources, place.stack_dir)
            require_live(sources)
            _check_room(place, sources)
            _fresh(place, sources, copy)
            manifest, skipped = backup_copy.write(place.stack, place.stack_dir, sources, copy)
        say(f"copied {', '.join(manifest.services)}")
        for name in skipped:
            say(f"{name} is not in it: nothing here can copy its data")
        added = place.repository.add(copy)
        note = BackupNote(
            added.id,
            manifest.created,
            sum(each.bytes for each in manifest.services.values()),
            tuple(manifest.services),
            tuple(skipped),
        )
        backup_notes.write(place.directory, note)
        return note
    finally:
        _remove(place, sources, copy)


def _verified(place: BackupPlace, sources: Sequence[Source], note: BackupNote) -> BackupNote:
    """The note with what came of the proof; it is written in any case."""
    why = ""
    try:
        backup_types.clear_proofs(place.docker, place.stack)
        with _restored(place, sources, Backup(note.id)) as (manifest, directory):
            known = {source.service.name: source for source in sources}
            for name, saved in manifest.services.items():
                if name not in known:
                    raise GroundworkError(f"{name} isn't in stack_services, so it can't be proven.")
                source = backup_types.for_proof(known[name])
                backup_types.prove(source, saved, str(directory), name)
    except GroundworkError as error:
        why = " ".join([error.what, *error.details[:5]])
    note = replace(note, proven=not why, why=why, proof=backup_notes.iso(_now()))
    backup_notes.write(place.directory, note)
    return note


@contextmanager
def _restored(
    place: BackupPlace, sources: Sequence[Source], backup: Backup
) -> Iterator[tuple[Manifest, Path]]:
    directory = place.directory / _PROOF
    try:
        _fresh(place, sources, directory)
        place.repository.restore(backup, directory)
        yield backup_copy.read(directory, backup.short), directory
    finally:
        _remove(place, sources, directory)


def _read_a_part(place: BackupPlace, say: Say) -> None:
    year, week, _ = _now().isocalendar()
    if not backup_notes.read_lately(place.directory, f"{year}-{week}"):
        part, parts = reading(week)
        place.repository.check(part, parts)
        backup_notes.note_reading(place.directory, f"{year}-{week}")
        say(f"part {part} of {parts} of the repository's data was read")


def _fresh(place: BackupPlace, sources: Sequence[Source], directory: Path) -> None:
    _remove(place, sources, directory)
    directory.mkdir(mode=0o700, parents=True)
    directory.chmod(0o700)


def _remove(place: BackupPlace, sources: Sequence[Source], directory: Path) -> None:
    """Also what servers' users own in it, for whoever isn't root."""
    shutil.rmtree(directory, ignore_errors=True)
    if directory.exists() and sources:
        mount = Mount(str(directory), "/copy")
        job = Job(place.docker, backup_types.proofs(place.stack), any_image([*sources]), (mount,),
                  capabilities=("DAC_OVERRIDE", "FOWNER"))  # fmt: skip
        job.run("find /copy -mindepth 1 -delete")
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _told() -> Iterator[None]:
    """What the disk says is an error as any other."""
    try:
        yield
    except OSError as error:
        raise GroundworkError(
            f"The backup can't be written: {error.strerror or error}.",
            where=str(error.filename or ""),
            next_step="Fix what it says, then run again; backups that are there stay.",
        ) from None


def _check_room(place: BackupPlace, sources: Sequence[Source]) -> None:
    """A copy of everything lies here for a while, beside the repository where that is here."""
    kinds = [(backup_types.backup_type(each.service), each) for each in sources if each.container]
    needed = sum(kind.bytes_needed(source) for kind, source in kinds if kind)
    free = shutil.disk_usage(place.directory).free
    if free < needed * _MARGIN:
        raise GroundworkError(
            f"There is no room for a backup: it takes about {needed * _MARGIN / 1e6:.0f} MB, and "
            f"{free / 1e6:.0f} MB are free.",
            where=str(place.directory),
            next_step="Make room, or name another backup_dir. Nothing was changed.",
        )


@contextmanager
def _alone(place: BackupPlace) -> Iterator[None]:
    """One at a time on this machine; the lock goes with the process."""
    place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.directory.chmod(0o700)
    with (place.directory / _LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise GroundworkError(
                "Another backup, or the proof of one, is at work here.",
                where=str(place.directory),
                next_step="Wait until it is done, then run again.",
            ) from None
        yield


@contextmanager
def _deploy_lock(place: BackupPlace) -> Iterator[None]:
    """No run may change the stack while its data are copied; for the proof that doesn't matter."""
    mine = claim(os.getpid(), place.directory, local=True)
    deadline = time.monotonic() + place.patience
    while holder := lease.take(place.lock, mine).holder:
        if time.monotonic() > deadline:
            raise in_the_way(LockHolder.from_dict(asdict(holder)), str(place.lock))
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lease.leave(place.lock, mine["run"])


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _seconds(time_of_restic: str) -> str:
    return f"{time_of_restic[:19]}Z"
