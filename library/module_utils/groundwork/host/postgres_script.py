"""The SQL by which a server gets its roles, databases, extensions and grants; for psql.

It can be given again at any time: what is there stays as it is, and whatever moment it is cut short
in, the next time does the rest. A database's owner is the last that it gets, so one that belongs to
the cluster's owner still isn't finished.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ..services import OwnedDatabase, Role, Service
from .postgres_facts import NOTE, literal

_TABLES = {"read": "SELECT", "write": "SELECT, INSERT, UPDATE, DELETE"}
_SEQUENCES = {"read": "SELECT", "write": "SELECT, USAGE"}

_FRESH = """
SELECT datdba = 10 AND :'owner' <> pg_get_userbyid(10) AS fresh,
  (SELECT nspowner = 10 FROM pg_namespace WHERE nspname = 'public') IS TRUE AS old
FROM pg_database WHERE datname = current_database() \\gset"""
# Each row's columns are statements, done one after another
_PRESENT = """
SELECT format('GRANT USAGE ON SCHEMA %I TO %I', nspname, :'role') FROM pg_namespace
WHERE nspname = 'public' OR (pg_get_userbyid(nspowner) = :'owner' AND nspname !~ '^pg_') \\gexec
SELECT format('REVOKE ALL ON %I.%I FROM %I', nspname, relname, :'role'),
  format('GRANT %s ON %I.%I TO %I', CASE relkind WHEN 'S' THEN :'sequences' WHEN 'm' THEN 'SELECT'
    ELSE :'tables' END, nspname, relname, :'role')
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE pg_get_userbyid(relowner) = :'owner' AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND nspname !~ '^pg_' \\gexec"""


def script(
    service: Service,
    made: Mapping[str, str],
    changed: Mapping[str, str],
    grants: Collection[tuple[OwnedDatabase, Role]],
) -> str:
    """The script. `made` and `changed` are SCRAM verifiers by role: of all that have to be there,
    and of those whose password is to be another one; who is logged in as one of these is logged
    out. `grants`: the access that is to be given, anew where it was given before.
    """
    lines = ["SET client_min_messages = warning;"]
    lines += [_role(name, verifier) for name, verifier in made.items()]
    lines += [_password(name, verifier) for name, verifier in changed.items()]
    for database in service.objects.databases:
        lines += _database(database)
        lines += [
            line
            for granted, role in grants
            if granted == database
            for line in _grants(database, role)
        ]
    return "\n".join(lines) + "\n"


def identifier(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _role(name: str, verifier: str) -> str:
    # One message to the server, so one transaction
    make = (
        f"CREATE ROLE {identifier(name)} LOGIN PASSWORD {literal(verifier)}; "
        f"COMMENT ON ROLE {identifier(name)} IS {literal(NOTE)}"
    )
    there = f"SELECT FROM pg_roles WHERE rolname = {literal(name)}"
    login = f"ALTER ROLE {identifier(name)} LOGIN PASSWORD {literal(verifier)}"
    return (
        f"SELECT {literal(make)} WHERE NOT EXISTS ({there}) \\gexec\n"
        f"SELECT {literal(login)} WHERE EXISTS ({there} AND NOT rolcanlogin) \\gexec"
    )


def _password(name: str, verifier: str) -> str:
    # `\;` and not `;` between the statements: the server gets them as one message, so that it does
    # all of them whatever becomes of the run meanwhile
    return (
        f"BEGIN\\; ALTER ROLE {identifier(name)} PASSWORD {literal(verifier)}\\; COMMIT\\;\n"
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
        f"usename = {literal(name)} AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend';"
    )


def _database(database: OwnedDatabase) -> Iterator[str]:
    name, owner = identifier(database.name), identifier(database.owner)
    there = f"EXISTS (SELECT FROM pg_database WHERE datname = {literal(database.name)})"
    yield f"SELECT {literal(f'CREATE DATABASE {name}')} WHERE NOT {there} \\gexec"
    yield f"\\connect {name}"
    yield "SET client_min_messages = warning;"
    # Before PostgreSQL 15 the schema public isn't the database's owner's by itself
    yield f"\\set owner {literal(database.owner)}"
    yield _FRESH
    yield "\\if :fresh"
    yield "BEGIN;"
    if database.name != "postgres":
        yield f"REVOKE CONNECT, TEMPORARY ON DATABASE {name} FROM PUBLIC;"
        yield f"COMMENT ON DATABASE {name} IS {literal(NOTE)};"
    yield "\\if :old"
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
    yield f"ALTER SCHEMA public OWNER TO {owner};"
    yield "\\endif"
    yield f"ALTER DATABASE {name} OWNER TO {owner};"
    yield "COMMIT;"
    yield "\\endif"
    for extension in database.extensions:
        yield f"CREATE EXTENSION IF NOT EXISTS {identifier(extension)} CASCADE;"


def _grants(database: OwnedDatabase, role: Role) -> Iterator[str]:
    name, owner = identifier(role.name), identifier(database.owner)
    tables, sequences = _TABLES[role.access], _SEQUENCES[role.access]
    yield "BEGIN;"
    yield f"GRANT CONNECT ON DATABASE {identifier(database.name)} TO {name};"
    # What is there, of the owner's; then all that the owner will make
    for key, value in {
        "owner": database.owner,
        "role": role.name,
        "tables": tables,
        "sequences": sequences,
    }.items():
        yield f"\\set {key} {literal(value)}"
    yield _PRESENT
    future = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner}"
    for kind, given in (("TABLES", tables), ("SEQUENCES", sequences), ("SCHEMAS", "USAGE")):
        yield f"{future} REVOKE ALL ON {kind} FROM {name};"
        yield f"{future} GRANT {given} ON {kind} TO {name};"
    yield "COMMIT;"
