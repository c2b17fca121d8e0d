"""How each service type's data go into a backup, and come out of one: proven, or into new volumes.

PostgreSQL's as dumps, which cross storage formats; the others' as in a snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ..docker import Docker, jobs
from ..errors import GroundworkError
from ..host import postgres_facts
from ..services import Service
from . import postgres_contents, postgres_dump
from .model import AT_ONCE, Checkpoint, DataType, Source, Turn
from .types import DATA_TYPES

MEMORY = "1g"  # what a proof's server may have


@dataclass(frozen=True)
class PostgresDump:
    """PostgreSQL's data as dumps (see `model.DataType`)."""

    def bytes_needed(self, source: Source) -> int:
        """The size of its databases: a dump has no indexes, and is rarely larger."""
        sql = "SELECT sum(pg_database_size(oid)) FROM pg_database;"
        done = postgres_facts.psql(source.docker, source.container, source.service, "postgres", sql)
        return int(done.stdout) if done.ok and done.stdout.strip().isdigit() else 0

    def checkpoint(self, source: Source, place: str, path: str, turn: Turn = AT_ONCE) -> Checkpoint:
        """A dump of each database, and the roles."""
        turn.wait()
        return postgres_dump.dump(source, place, path)

    def fill(
        self, source: Source, saved: Checkpoint, place: str, path: str, volumes: Mapping[str, str]
    ) -> None:
        """Restore into a new volume, compare, and give the roles today's passwords."""
        given = postgres_contents.passwords(
            source.service, tuple(saved.facts["roles"]), source.secrets
        )
        volume = volumes[source.service.name]
        with postgres_dump.restored(source, saved, place, path, volume) as container:
            script = postgres_contents.password_script(given) + "CHECKPOINT;\n"
            done = postgres_facts.psql(source.docker, container, source.service, "postgres", script)
            if not done.ok:
                raise GroundworkError(
                    f"The restored {source.service.name} doesn't take its passwords: {done.error}",
                    where=source.stack,
                    next_step="Fix what it says, then run again. The service is as it was.",
                )


POSTGRES = PostgresDump()
DUMPS = frozenset({"postgres"})  # the kinds whose data any storage format can take


def backup_type(service: Service) -> DataType | None:
    """How a service's data go into a backup; None where nobody knows."""
    return POSTGRES if service.kind == "postgres" else DATA_TYPES.get(service.kind)


def prove(source: Source, saved: Checkpoint, place: str, path: str) -> None:
    """Restore a service's part of a backup into throw-away containers, and compare.

    Raises GroundworkError with what differs. `source.stack` is the proof's own word (see
    `proofs`), not the stack's.
    """
    if saved.kind == "postgres":
        with postgres_dump.restored(source, saved, place, path, memory=MEMORY):
            return
    kind = backup_type(source.service)
    if kind is None:
        raise GroundworkError(
            f"Nothing here knows the data of {source.service.name} ({saved.kind}).",
            next_step="Take a release of Groundwork that is as new as the one that made it.",
        )
    with _volumes(source) as volumes:
        kind.fill(source, saved, place, path, volumes)


def proofs(stack: str) -> str:
    """What the containers and volumes of a stack's proofs are labelled with: the deploy lock isn't
    held meanwhile, so no run may take them for leftovers."""
    return f"{stack}.proof"


def for_proof(source: Source) -> Source:
    """The service as a proof works on it: without its own container and volumes."""
    return replace(
        source,
        stack=proofs(source.stack),
        container="",
        volumes=dict.fromkeys(source.volumes, ""),
    )


def clear_proofs(docker: Docker, stack: str) -> None:
    """Remove what a proof that was killed left."""
    word = proofs(stack)
    jobs.clear(docker, word)
    found = docker.run("volume", "ls", "-q", "--filter", f"label={jobs.LABEL}={word}")
    if left := found.stdout.split():
        docker.run("volume", "rm", "--force", *left)


@contextmanager
def _volumes(source: Source) -> Iterator[dict[str, str]]:
    names = {store: f"{source.stack}_{store}" for store in source.volumes}
    label = f"{jobs.LABEL}={source.stack}"
    try:
        for name in names.values():
            made = source.docker.run("volume", "create", "--label", label, name)
            if not made.ok:
                raise GroundworkError(
                    f"The volume {name} can't be made: {made.error}",
                    next_step="Fix what it says, then run again.",
                )
        yield names
    finally:
        source.docker.run("volume", "rm", "--force", *names.values())
