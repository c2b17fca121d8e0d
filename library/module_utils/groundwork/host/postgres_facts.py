"""What a PostgreSQL of ours holds: roles, databases, extensions, and which roles have access.

Asked with the login of the service's user, which every role may do. Where that one isn't let in,
as the superuser, which costs no process; and where its password isn't right either, through the
socket inside the container, by whoever owns the cluster.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..docker import CommandResult, Docker, engine
from ..environment import POSTGRES_FILES
from ..errors import GroundworkError
from ..services import (
    SUPERUSER,
    OwnedDatabase,
    ProbeError,
    Role,
    Service,
    endpoint,
    knock,
    postgres_options,
    secrets_of,
)
from ..text import one_line

NOTE = "made by Groundwork"  # the comment on what is made here, to know it again
TIMEOUT = 5  # seconds, for each connection
WRONG_PASSWORD = "password authentication failed"

Ask = Callable[[str], Any]

_SERVER = """
SELECT json_build_object(
  'bootstrap', (SELECT rolname FROM pg_roles WHERE oid = 10),
  'superusers', (SELECT json_agg(rolname) FROM pg_roles WHERE rolsuper),
  'roles', (SELECT json_object_agg(rolname, coalesce(shobj_description(oid, 'pg_authid'), ''))
            FROM pg_roles WHERE rolcanlogin),
  'databases', (SELECT json_object_agg(datname, json_build_array(
      pg_get_userbyid(datdba), coalesce(shobj_description(oid, 'pg_database'), '')))
            FROM pg_database WHERE NOT datistemplate))"""
# By the roles' names, what the owner's future objects give them, as `r:SELECT`
_DATABASE = """
SELECT json_build_object(
  'extensions', (SELECT json_agg(extname) FROM pg_extension),
  'connect', (SELECT json_agg(rolname) FROM pg_roles
              WHERE has_database_privilege(oid, current_database(), 'CONNECT')),
  'access', (SELECT json_object_agg(grantee, privileges) FROM (
      SELECT pg_get_userbyid(given.grantee) AS grantee,
             json_agg(defaclobjtype::text || ':' || given.privilege_type) AS privileges
      FROM pg_default_acl, aclexplode(defaclacl) AS given
      WHERE defaclnamespace = 0 AND pg_get_userbyid(defaclrole) = {owner}
      GROUP BY 1) AS found))"""
_AVAILABLE = "SELECT json_agg(name ORDER BY name) FROM pg_available_extensions"

ACCESS = {
    "read": {"r:SELECT", "S:SELECT", "n:USAGE"},
    "write": {
        *("r:SELECT", "r:INSERT", "r:UPDATE", "r:DELETE"),
        *("S:SELECT", "S:USAGE", "n:USAGE"),
    },
}


@dataclass(frozen=True)
class Inside:
    """What is in one database. `access`: by role, what it gets of what the owner makes."""

    extensions: frozenset[str] = frozenset()
    connect: frozenset[str] = frozenset()
    access: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundObjects:
    """What a server holds.

    `bootstrap` is the role that it was made with. `roles` and `databases` (with their owners) are
    all that can log in or be connected to; `noted` those of both that were made here. `inside`: of
    the databases that were asked. `refused`: further roles that their passwords don't let in.
    `available`: the extensions that the server could make, asked where one is missing.
    """

    bootstrap: str
    superusers: frozenset[str]
    roles: frozenset[str]
    databases: Mapping[str, str]
    noted: frozenset[tuple[str, str]] = frozenset()
    inside: Mapping[str, Inside] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    available: frozenset[str] | None = None


def literal(text: str) -> str:
    """A text as SQL writes it, where `standard_conforming_strings` is on, its default."""
    return "'" + text.replace("'", "''") + "'"


def read(
    docker: Docker, project: str, service: Service, secrets: Mapping[str, str]
) -> FoundObjects | None:
    """What the server holds; None where it doesn't answer. `secrets` are values by variable."""
    passwords = {each.role: secrets.get(each.variable, "") for each in secrets_of(service)}
    if not passwords[""]:
        return None
    try:
        knock(endpoint(service, "host"), TIMEOUT)
        return _by_login(service, passwords)
    except (ImportError, ProbeError):
        return None
    except _Refused:
        return _by_superuser(service, passwords) or _by_socket(docker, project, service)


class _Refused(Exception):
    """A server is there, and doesn't let a role in."""


def _by_login(service: Service, passwords: Mapping[str, str]) -> FoundObjects | None:
    """As each role that has to be let in; None where nobody answers. Raises _Refused."""
    import psycopg

    def ask(role: str, database: str) -> Ask:
        key = "" if role == service.options["user"] else role
        return lambda sql: _ask(service, role, database, passwords.get(key, ""), sql)

    try:
        server = ask(service.options["user"], service.options["database"])(_SERVER)
        found = _found(service, server, lambda each: ask(each.owner, each.name))
    except psycopg.Error as error:
        if "FATAL" in str(error):  # its own word, in most of its languages
            raise _Refused from None
        return None
    refused = set()
    for role in service.objects.roles:
        there = [name for name in role.databases if name in found.databases]
        if role.name in found.roles and there and passwords.get(role.name):
            try:
                ask(role.name, there[0])("SELECT 1")
            except psycopg.Error as error:
                if WRONG_PASSWORD in str(error):
                    refused.add(role.name)
    return FoundObjects(**{**vars(found), "refused": frozenset(refused)})


def _by_superuser(service: Service, passwords: Mapping[str, str]) -> FoundObjects | None:
    """With its login; None where the cluster has none, or it isn't let in."""
    import psycopg

    superuser = service.objects.superuser
    password = passwords.get(superuser, "")
    if not superuser or not password:
        return None

    def ask(database: str) -> Ask:
        return lambda sql: _ask(service, superuser, database, password, sql)

    try:
        return _found(service, ask("postgres")(_SERVER), lambda each: ask(each.name))
    except psycopg.Error:
        return None


def lets_in(service: Service, role: str, password: str) -> bool:
    """Whether the server takes that password of a role (`""`: of the service's user).

    Raises GroundworkError where it can't be asked.
    """
    import psycopg

    reach = {each.name: each.databases[0] for each in service.objects.roles}
    name = role or service.options["user"]
    try:
        _ask(service, name, reach.get(name, service.options["database"]), password, "SELECT 1")
    except psycopg.Error as error:
        if WRONG_PASSWORD in str(error):
            return False
        if re.search('database ".*" does not exist|permission denied for database', str(error)):
            return True  # the password was right
        raise GroundworkError(
            f"{service.name} can't be asked whether it has the new password of {name}: "
            f"{one_line(str(error))}",
            where=str(endpoint(service, "host")),
            next_step="Run again; `docker compose logs` in infra/ says what the server does.",
        ) from None
    return True


def _ask(service: Service, role: str, database: str, password: str, sql: str) -> Any:
    import psycopg

    here = endpoint(service, "host")
    secure: dict[str, Any] = {**postgres_options(service)}
    with psycopg.connect(
        host=here.host,
        port=here.port,
        user=role,
        password=password,
        dbname=database,
        connect_timeout=TIMEOUT,
        application_name="groundwork-probe",
        options=f"-c statement_timeout={TIMEOUT}s",
        autocommit=True,
        **POSTGRES_FILES,
        **secure,
    ) as connection:
        row = connection.execute(sql.encode()).fetchone()
        return row[0] if row else None


def _by_socket(docker: Docker, project: str, service: Service) -> FoundObjects | None:
    container = (engine.containers(docker, project) or {}).get(service.name)
    if container is None:
        return None

    def ask(database: str) -> Ask:
        def answer(sql: str) -> Any:
            result = psql(docker, container["Id"], service, database, f"{sql};\n", TIMEOUT)
            if not result.ok:
                raise LookupError(result.error)
            return json.loads(result.stdout)

        return answer

    try:
        return _found(service, ask("postgres")(_SERVER), lambda each: ask(each.name))
    except (LookupError, ValueError):
        return None


def psql(
    docker: Docker,
    container: str,
    service: Service,
    database: str,
    script: str,
    timeout: float = 60,
) -> CommandResult:
    """Run a script inside the container as the cluster's owner, over the socket that trusts it.

    That is `postgres`, or in volumes that were made before there was another the service's user.
    """
    owners = dict.fromkeys((SUPERUSER, service.options["user"]))
    # A person may have dropped the database postgres
    databases = (database, "template1") if database == "postgres" else (database,)
    for owner in owners:
        for name in databases:
            result = docker.run(
                *("exec", "-i", container, "psql", "-XAtq", "-v", "ON_ERROR_STOP=1"),
                *("-U", owner, "-d", name, "-f", "-"),
                stdin=script,
                timeout=timeout,
            )
            if result.ok or f'database "{name}" does not exist' not in result.stderr:
                break
        if result.ok or f'role "{owner}" does not exist' not in result.stderr:
            break
    return result


def _found(service: Service, server: Any, ask: Callable[[OwnedDatabase], Ask]) -> FoundObjects:
    """From the server's answer, and those of the databases where more is to be known."""
    databases = {name: owner for name, (owner, _) in server["databases"].items()}
    noted = {("role", name) for name, note in server["roles"].items() if note == NOTE}
    noted |= {("database", n) for n, (_, note) in server["databases"].items() if note == NOTE}
    inside: dict[str, Inside] = {}
    available = None
    granted = {database.name for database, _ in service.objects.grants()}
    for database in service.objects.databases:
        if databases.get(database.name) != database.owner:
            continue  # it has yet to be made, or handed over
        if database.extensions or database.name in granted:
            answer = ask(database)(_DATABASE.format(owner=literal(database.owner)))
            inside[database.name] = known = Inside(
                frozenset(answer["extensions"] or ()),
                frozenset(answer["connect"] or ()),
                {name: frozenset(given) for name, given in (answer["access"] or {}).items()},
            )
            if set(database.extensions) - known.extensions and available is None:
                available = frozenset(ask(database)(_AVAILABLE) or ())
    return FoundObjects(
        bootstrap=server["bootstrap"],
        superusers=frozenset(server["superusers"]),
        roles=frozenset(server["roles"]),
        databases=databases,
        noted=frozenset(noted),
        inside=inside,
        available=available,
    )


def has_access(inside: Inside, role: Role) -> bool:
    """Whether a role has what its `access` says, no more and no less."""
    access = inside.access.get(role.name, frozenset())
    return role.name in inside.connect and access == ACCESS[role.access]
