"""A PostgreSQL's roles, databases, extensions and grants, brought in line with the inventory.

What has left the inventory is never dropped, only told.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..docker import Docker, engine
from ..errors import GroundworkError
from ..records import Record
from ..services import OwnedDatabase, ProbeError, Role, Service, endpoint, secrets_of, service_type
from . import postgres_facts
from .postgres_facts import FoundObjects, has_access, lets_in
from .postgres_roles import WRONG_PASSWORD, scram_verifier
from .postgres_script import script

_REST = 0.05  # seconds between two questions
_INSPECT_EVERY = 1.0  # seconds
# By these words of a server's that said no, it is up: it has the last word on passwords and names
_UP = (WRONG_PASSWORD, "3D000", "42501")


@dataclass(frozen=True)
class ObjectsState(Record):
    """How one server's objects are against the inventory.

    `state` is in_sync, pending or unknown; `pending` are sentences. `superuser`: the service's user
    is one. `user_missing`: its user isn't there yet. `refused` are further roles that their
    passwords don't let in, `foreign` sentences on databases that belong to somebody else,
    `unavailable` extensions that the server doesn't have, `left` what was made here and isn't in
    the inventory any more.
    """

    state: str = "unknown"
    pending: tuple[str, ...] = ()
    superuser: bool = False
    user_missing: bool = False
    refused: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    unavailable: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def reasons(self) -> tuple[str, ...]:
        """Why to act."""
        refused = (f"the role {name} doesn't take its password" for name in self.refused)
        return (*self.pending, *refused)


@dataclass(frozen=True)
class Ensured:
    """What was made or changed, as sentences (`done`), and the `databases` that were made."""

    done: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()


def compare(service: Service, found: FoundObjects | None) -> ObjectsState:
    """What the facts mean. Pure."""
    if found is None:
        return ObjectsState()
    objects, user = service.objects, service.options["user"]
    wanted = [user, *(role.name for role in objects.roles)]
    pending = [f"the role {name} is not there yet" for name in wanted if name not in found.roles]
    foreign, unavailable = [], []
    for database in objects.databases:
        owner = found.databases.get(database.name)
        if owner is None:
            pending.append(f"the database {database.name} is not there yet")
        elif owner not in (database.owner, found.bootstrap):
            foreign.append(f"{database.name} belongs to {owner}, not to {database.owner}")
            continue
        elif owner != database.owner:
            pending.append(f"the database {database.name} is not {database.owner}'s yet")
        inside = found.inside.get(database.name)
        lacking = [x for x in database.extensions if not inside or x not in inside.extensions]
        pending += [f"the extension {x} is not in {database.name} yet" for x in lacking]
        if found.available is not None:
            unavailable += [name for name in lacking if name not in found.available]
    pending += [
        f"the role {role.name} may not {role.access} {database.name} yet"
        for database, role in _lacking(service, found)
    ]
    names = {("role", name) for name in wanted}
    names |= {("database", database.name) for database in objects.databases}
    return ObjectsState(
        state="pending" if pending or found.refused else "in_sync",
        pending=tuple(pending),
        superuser=user in found.superusers,
        user_missing=user not in found.roles,
        refused=tuple(sorted(found.refused)),
        foreign=tuple(foreign),
        unavailable=tuple(dict.fromkeys(unavailable)),
        left=tuple(f"the {kind} {name}" for kind, name in sorted(found.noted - names)),
    )


def _lacking(service: Service, found: FoundObjects) -> list[tuple[OwnedDatabase, Role]]:
    """The access that has to be given."""
    return [
        (database, role)
        for database, role in service.objects.grants()
        if (inside := found.inside.get(database.name)) is None or not has_access(inside, role)
    ]


def wait(
    docker: Docker, project: str, service: Service, secrets: Mapping[str, str], timeout: float
) -> bool:
    """Wait until the server lets in or refuses over TCP; False where it won't within `timeout`
    seconds, or has no container that runs. The health check says why.

    The secrets that it needs are values by variable.
    """
    password = secrets.get(service_type(service).secret_variable(service), "")
    deadline = time.monotonic() + timeout
    inspect_at = time.monotonic() + _INSPECT_EVERY
    while True:
        try:
            service_type(service).probe(service, endpoint(service, "host"), password, 3)
            return True
        except ProbeError as error:
            if error.code in _UP:
                return True
            if error.permanent:
                return False
        now = time.monotonic()
        if now > deadline:
            return False
        if now > inspect_at:
            inspect_at = now + _INSPECT_EVERY
            container = (engine.containers(docker, project) or {}).get(service.name)
            if container is None or container["State"]["Status"] != "running":
                return False
        time.sleep(_REST)


def ensure(
    docker: Docker,
    project: str,
    service: Service,
    secrets: Mapping[str, str],
    renewed: Collection[str] = (),
    check: bool = False,
) -> Ensured:
    """Bring a server that is up in line; what was done, or in a `check` would be.

    `renewed` are the variables of secrets that its roles may not have yet. Raises GroundworkError
    where the server refuses.
    """
    found = postgres_facts.read(docker, project, service, secrets)
    state = compare(service, found)
    asked = {each.variable for each in secrets_of(service) if each.role in state.refused}
    change = [each for each in secrets_of(service) if each.variable in {*renewed, *asked}]
    user = service.options["user"]
    names = {each.role: each.role or user for each in secrets_of(service)}
    there = found.roles if found else frozenset(names.values())
    # A role that isn't there yet is made with its password: it needs no login to be tried
    change = [each for each in change if names[each.role] in there]
    change = [each for each in change if not lets_in(service, each.role, secrets[each.variable])]
    done = [each.replace(" is not there yet", " was made") for each in state.pending]
    done += [f"the role {names[each.role]} got its new password" for each in change]
    ensured = Ensured(tuple(done), _databases_missing(service, found))
    if not done or check or (found is None and not change):
        return ensured
    values = {names[each.role]: secrets[each.variable] for each in secrets_of(service)}
    missing = {name: values[name] for name in values if name not in there}
    text = script(
        service,
        {name: scram_verifier(password) for name, password in missing.items()},
        {names[each.role]: scram_verifier(secrets[each.variable]) for each in change},
        _lacking(service, found) if found else [],
    )
    container = (engine.containers(docker, project) or {}).get(service.name)
    if container is None:
        raise GroundworkError(
            f"{service.name} has no container, so nothing can be made in it.",
            next_step="Run `ansible-playbook playbooks/dev.yml` again.",
        )
    result = postgres_facts.psql(docker, container["Id"], service, "postgres", text)
    if not result.ok:
        raise GroundworkError(
            f"The roles and databases of {service.name} can't be made: {result.error}",
            where=f"stack_services.{service.name}",
            next_step="Correct what it says and run again; what was made before stays.",
        )
    return ensured


def _databases_missing(service: Service, found: FoundObjects | None) -> tuple[str, ...]:
    names = [database.name for database in service.objects.databases]
    return tuple(name for name in names if found and name not in found.databases)
