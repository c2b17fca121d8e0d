"""PostgreSQL's data: a base backup for a copy, which a server that is thrown away proves.

Unlogged tables are in no base backup: they come back empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from ..docker import CommandResult
from ..errors import GroundworkError
from ..host import postgres_facts
from ..services import service_type
from . import postgres_contents as contents
from . import postgres_scripts as scripts
from . import steps
from .job import FILE_CAPABILITIES, Job, Mount, Worker
from .model import AT_ONCE, Checkpoint, Source, Turn
from .postgres_contents import Contents

_USER = "postgres"
_MARGIN = 10**9  # bytes, for the WAL that comes meanwhile
_ASK_TIMEOUT = 300.0  # seconds; many databases' files are counted
_NOT_YET = "the database system is starting up"  # to whoever asks whether it is ready
_BACKUP_ADVICE = (
    "See what it says, then run again. A copy needs wal_level = replica (or logical), two of "
    "max_wal_senders and one of max_replication_slots to spare: see the entry's `settings`."
)


@dataclass(frozen=True)
class PostgresData:
    """What PostgreSQL's data are copied and put back by (see `model.DataType`)."""

    def bytes_needed(self, source: Source) -> int:
        """The size of its databases and a margin; its volume has old WAL besides."""
        sql = "SELECT sum(pg_database_size(oid)) FROM pg_database;"
        return int(ask(source, steps.container_of(source), sql)) + _MARGIN

    def checkpoint(self, source: Source, place: str, path: str, turn: Turn = AT_ONCE) -> Checkpoint:
        """By pg_basebackup over the container's own socket, which needs no password."""
        container = steps.container_of(source)
        job = _job(
            source,
            Mount(place, "/copy"),
            pid=container,
            directory=f"/copy/{path}",  # `place` is root's alone
            tmpfs=scripts.IN_MEMORY,
        )
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(contents_of, source, container)
            with job.waiting(turn.later) as work:
                before = asked.result()
                _check_whole(source, before)
                turn.wait()
                done = work(scripts.BACKUP, before.owner)
                asked = pool.submit(contents_of, source, container)
                if done.ok:
                    done = work(scripts.VERIFY)
        if not done.ok:
            raise steps.failed(
                f"{source.service.name} can't be copied.", source, done, _BACKUP_ADVICE
            )
        kept = contents.both(before, asked.result())
        return Checkpoint(
            kind=source.service.kind,
            image=source.image,
            storage_format=source.storage_format,
            version=kept.version,
            details=kept.to_dict(),
            facts={"tables": dict(kept.tables)},
            bytes=steps.kilobytes(done),
        )

    def fill(
        self, source: Source, saved: Checkpoint, place: str, path: str, volumes: Mapping[str, str]
    ) -> None:
        """Copy, verify every file, let a server replay the WAL, and give it today's passwords."""
        wanted = Contents.from_dict(saved.details)
        given = contents.passwords(source.service, wanted.roles, source.secrets)
        volume = volumes[source.service.name]
        steps.require_volumes(source, place, volume)
        job = _job(
            source,
            Mount(place, "/copy", read_only=True),
            Mount(volume, scripts.DATA),
            user="0",
            capabilities=FILE_CAPABILITIES,
            memory=steps.memory_of(source),
            tmpfs=scripts.SERVERS,
        )
        with job.waiting() as work:
            done = work(scripts.FILL, path)
            if not done.ok:
                raise steps.not_filled(source, done)
            _prove(source, work, wanted, given)


def _check_whole(source: Source, there: Contents) -> None:
    if there.tablespaces:
        raise GroundworkError(
            f"{source.service.name} has tablespaces ({', '.join(there.tablespaces)}), which "
            "a copy of its volume can't have.",
            where=source.stack,
            next_step="Move what is in them to pg_default and drop them, then run again.",
        )


def _prove(source: Source, work: Worker, wanted: Contents, given: Mapping[str, str]) -> None:
    rules = service_type(source.service).settings
    settings = rules.arguments(source.service.settings) if rules else []
    with serving(source, work, settings):
        lacking = contents.missing(wanted, contents_of(source, work.container))
        if lacking:
            raise steps.differs(source, lacking)
        ask(source, work.container, contents.password_script(given))


@contextmanager
def serving(
    source: Source, work: Worker, settings: Iterable[str], volume: str = "new volume"
) -> Iterator[None]:
    """A server on the volume of a container that waits; nobody reaches it but over its socket.

    Raises GroundworkError where it doesn't start, or end in order. Its `volume` is for the words.
    """
    started = work(scripts.START, *settings, *scripts.ALONE, user=_USER)
    if not started.ok:
        raise steps.unproven(source, "doesn't start", _log(started), volume)
    yield
    ended = work(scripts.END, user=_USER)
    if not ended.ok:
        raise steps.unproven(source, "didn't end in order", _log(ended), volume)


def _log(done: CommandResult) -> str:
    return "\n".join(line for line in done.stderr.splitlines() if _NOT_YET not in line)


def check_end(source: Source, volume: str) -> None:
    """That the server on a volume ended in order. Raises GroundworkError."""
    steps.require_volumes(source, volume)
    done = _job(source, Mount(volume, scripts.DATA)).run(scripts.ENDED)
    states = [
        line.partition(":")[2].strip()
        for line in done.stdout.splitlines()
        if line.startswith("Database cluster state:")
    ]
    if not done.ok or states != ["shut down"]:
        raise steps.failed(
            f"The server on {source.service.name}'s new volume didn't end in order.",
            source,
            done,
            f"{steps.UNTOUCHED}Run again.",
        )


def _job(source: Source, *mounts: Mount, user: str = _USER, **options: object) -> Job:
    return Job(
        source.docker,
        source.stack,
        source.image,
        mounts,
        user=user,
        environment=scripts.WORDS,
        **options,  # type: ignore[arg-type]
    )


def contents_of(source: Source, container: str) -> Contents:
    """What a server in a container holds. Raises GroundworkError."""
    try:
        return contents.read(lambda script: ask(source, container, script))
    except (ValueError, KeyError, TypeError) as error:
        raise GroundworkError(
            f"{source.service.name} gives no answer that can be read: {type(error).__name__}",
            where=source.stack,
            next_step="Run again.",
        ) from None


def ask(source: Source, container: str, script: str) -> str:
    """What psql says in a server's container, as the cluster's owner. Raises GroundworkError."""
    done = postgres_facts.psql(
        source.docker, container, source.service, "postgres", script, _ASK_TIMEOUT
    )
    if done.ok:
        return done.stdout
    raise GroundworkError(
        f"{source.service.name} can't be asked what it holds.",
        where=source.stack,
        details=steps.last(done.stderr),
        next_step="See what it says, then run again.",
    )


TYPE = PostgresData()
