"""What a PostgreSQL has that a copy of it must have too; by psql, which `ask` runs a script in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..errors import GroundworkError
from ..host import postgres_facts, postgres_roles
from ..records import Record
from ..services import Service, secrets_of

Ask = Callable[[str], str]

# jsonb, whose text is one line whatever is in it
_SERVER = """
SELECT jsonb_build_object(
  'version', split_part(current_setting('server_version'), ' ', 1),
  'owner', (SELECT rolname FROM pg_roles WHERE oid = 10),
  'roles', (SELECT jsonb_agg(rolname ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_'),
  'sizes', (SELECT jsonb_object_agg(datname, pg_database_size(oid)) FROM pg_database),
  'open', (SELECT jsonb_agg(datname ORDER BY datname) FROM pg_database
           WHERE datallowconn AND datconnlimit <> -2),
  'tablespaces', (SELECT jsonb_agg(spcname) FROM pg_tablespace
                  WHERE spcname NOT IN ('pg_default', 'pg_global')));
"""
_DATABASE = """
SELECT jsonb_build_object('database', current_database(),
  'extensions', (SELECT jsonb_object_agg(extname, extversion) FROM pg_extension),
  'tables', (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND oid >= 16384));
"""
_PASSWORD = """
SELECT format('ALTER ROLE %I PASSWORD %L', rolname, {verifier})
FROM pg_roles WHERE rolname = {role} \\gexec"""


@dataclass(frozen=True)
class Contents(Record):
    """What a server has. `extensions`: by database, with their versions; `sizes` and `tables`: by
    database too. `owner` is the role that owns the cluster, `tablespaces` are those of its own.
    """

    version: str = ""
    owner: str = ""
    roles: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    extensions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tables: Mapping[str, int] = field(default_factory=dict)
    tablespaces: tuple[str, ...] = ()


def read(ask: Ask) -> Contents:
    """Ask a server. Raises what `ask` raises, ValueError for an answer that is none."""
    server = json.loads(ask(_SERVER))
    script = "".join(f"\\connect {_reuse(name)}\n{_DATABASE}" for name in server["open"])
    found = [json.loads(line) for line in ask(script).splitlines()]
    return Contents.from_dict(
        server
        | {"extensions": {each["database"]: each["extensions"] for each in found}}
        | {"tables": {each["database"]: each["tables"] for each in found}}
    )


def _reuse(name: str) -> str:
    """A database as psql's `\\connect` takes whatever name it has (one with `=` is a string of
    options to it)."""
    escaped = name.replace("\\", "\\\\").replace("'", "\\'").replace('"', '""')
    return f"-reuse-previous=on \"dbname='{escaped}'\""


def both(before: Contents, after: Contents) -> Contents:
    """What was there before and after a copy was made, and so is in it: the rest as it was after.

    What is made or dropped meanwhile may be in it or not.
    """
    extensions = {
        name: {
            extension: version
            for extension, version in before.extensions[name].items()
            if after.extensions[name].get(extension) == version
        }
        for name in before.extensions
        if name in after.extensions
    }
    return Contents(
        version=after.version,
        owner=after.owner,
        roles=tuple(name for name in before.roles if name in after.roles),
        sizes={name: after.sizes[name] for name in before.sizes if name in after.sizes},
        extensions=extensions,
        tables={name: after.tables[name] for name in extensions},
        tablespaces=after.tablespaces,
    )


def missing(saved: Contents, found: Contents) -> list[str]:
    """What of a copy a server on it doesn't have, as sentences."""
    sentences = [f"The role {name} is missing." for name in saved.roles if name not in found.roles]
    sentences += [
        f"The database {name} is missing." for name in saved.sizes if name not in found.sizes
    ]
    for name, extensions in saved.extensions.items():
        if name not in found.sizes:
            continue
        there = found.extensions.get(name)
        if there is None:
            sentences.append(f"The database {name} lets nobody in.")
            continue
        for extension, version in extensions.items():
            if extension not in there:
                sentences.append(f"The extension {extension} is missing in {name}.")
            elif there[extension] != version:
                sentences.append(
                    f"The extension {extension} in {name} has version {there[extension]}, "
                    f"not {version}."
                )
    return sentences


def passwords(
    service: Service, roles: tuple[str, ...], secrets: Mapping[str, str]
) -> dict[str, str]:
    """Today's passwords by role, of the roles that are there. Raises where one has none."""
    found = {}
    for each in secrets_of(service):
        role = each.role or service.options["user"]
        if role not in roles:
            continue
        if not secrets.get(each.variable):
            raise GroundworkError(
                f"{service.name} can't be put back: {each.variable}, the password of its role "
                f"{role}, isn't known.",
                where="infra/.env",
                next_step="Run the playbook that starts the stack, which makes it; then run again.",
            )
        found[role] = secrets[each.variable]
    return found


def password_script(given: Mapping[str, str]) -> str:
    """SQL for psql that gives roles their passwords, as SCRAM verifiers, and leaves none in a log.
    Roles that aren't there are passed over."""
    lines = [
        "SET log_statement = 'none';",
        "SET log_min_duration_statement = -1;",
        "SET log_min_error_statement = 'panic';",
    ]
    for role, password in given.items():
        verifier = postgres_roles.scram_verifier(password)
        lines.append(
            _PASSWORD.format(
                verifier=postgres_facts.literal(verifier), role=postgres_facts.literal(role)
            )
        )
    return "\n".join(lines) + "\n"
