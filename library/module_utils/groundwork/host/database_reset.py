"""A database's reset, step by step; the SQL is `postgres_template`'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..docker import Docker, engine
from ..errors import GroundworkError
from ..records import Record
from ..services import Service
from . import postgres_objects, postgres_template
from .postgres_facts import psql

_LIMIT = 600.0  # seconds; a copy takes as long as the disk does


@dataclass(frozen=True)
class Place:
    """A database of a service's server; `secrets` are the service's values by variable."""

    docker: Docker
    project: str
    service: Service
    database: str
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Done(Record):
    """What came of a step; see the module database_reset."""

    changed: bool = False
    ready: bool = False
    restored: bool = False


def do(place: Place, step: str, digest: str, check: bool = False) -> Done:
    """One step. Raises GroundworkError where the server refuses, or its container doesn't run."""
    container = _container(place)
    if step == "begin":
        _run(place, container, postgres_template.begin(place.database))
        postgres_objects.ensure(place.docker, place.project, place.service, place.secrets)
        return Done(changed=True)
    if step == "undo":
        said = _run(place, container, postgres_template.undo(place.database))
        return Done(changed=True, restored="restored" in said.split())
    if step == "keep":
        _run(place, container, postgres_template.keep(place.database, _owner(place), digest))
        return Done(changed=True, ready=True)
    if step == "ask" or not digest:
        return Done(changed=check)
    text = postgres_template.copy(place.database, _owner(place), digest)
    if check:
        text = postgres_template.ask(place.database, digest)
    ready = "ready t" in _run(place, container, text).splitlines()
    return Done(changed=ready or check, ready=ready)


def fill(place: Place, text: str) -> str:
    """Run SQL as the database's owner, as `psql -f` does; what it printed.

    Raises GroundworkError where it fails.
    """
    done = place.docker.run(
        *("exec", "-i", _container(place), "psql", "-Xq", "-v", "ON_ERROR_STOP=1"),
        *("-U", _owner(place), "-d", place.database, "-f", "-"),
        stdin=text,
        timeout=_LIMIT * 6,
    )
    if not done.ok:
        raise GroundworkError(
            f"The seed failed: {done.error}",
            where=f"the database {place.database} of {place.service.name}, as {_owner(place)}",
            next_step="Correct what it says.",
        )
    return done.stdout.strip()


def _owner(place: Place) -> str:
    known = place.service.objects.databases
    return next(each.owner for each in known if each.name == place.database)


def _container(place: Place) -> str:
    found = (engine.containers(place.docker, place.project) or {}).get(place.service.name)
    if found is None or found["State"]["Status"] != "running":
        raise GroundworkError(
            f"{place.service.name} doesn't run, so its databases can't be reset.",
            where=f"stack_services.{place.service.name}",
            next_step="Bring it up first (playbooks/dev.yml, or playbooks/staging.yml on a shared "
            "machine), then run again. Nothing was changed.",
        )
    return str(found["Id"])


def _run(place: Place, container: str, text: str) -> str:
    # Not in the database that is made anew
    other = "template1" if place.database == "postgres" else "postgres"
    result = psql(place.docker, container, place.service, other, text, _LIMIT)
    if not result.ok:
        raise GroundworkError(
            f"The database {place.database} can't be reset: {result.error}",
            where=f"stack_services.{place.service.name}",
            next_step="Correct what it says and run again, which also finishes what was begun.",
        )
    return result.stdout
