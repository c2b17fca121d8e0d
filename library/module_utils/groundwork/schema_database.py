"""The database whose schema Alembic looks after: how to reach it, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from .environment import POSTGRES_FILES
from .errors import GroundworkError

if TYPE_CHECKING:
    import psycopg
    import sqlalchemy

APPLICATION = "groundwork-migrate"


@dataclass(frozen=True)
class Database:
    """An address and a login. `connect_timeout` is in seconds; the client library's least is 2."""

    host: str
    port: int
    user: str
    database: str
    password: str = field(repr=False)
    sslmode: str = ""
    sslrootcert: str = ""
    connect_timeout: int = 10

    def __str__(self) -> str:
        """Where, in an error: no password."""
        return f"database {self.database} on {self.host}:{self.port}"

    def options(self) -> dict[str, Any]:
        """What the client library is told besides the address."""
        options: dict[str, Any] = {
            "connect_timeout": max(2, self.connect_timeout),
            "application_name": APPLICATION,
        }
        tls = {"sslmode": self.sslmode, "sslrootcert": self.sslrootcert}
        return options | {name: value for name, value in tls.items() if value}

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection in autocommit. Raises GroundworkError where there is no way in."""
        try:
            import psycopg
        except ImportError:
            raise missing_library("psycopg") from None
        try:
            return psycopg.connect(
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password,
                dbname=self.database,
                autocommit=True,
                **POSTGRES_FILES,
                **self.options(),
            )
        except psycopg.Error as error:
            lines = [line for line in str(error).splitlines() if line.strip()] or ["no answer"]
            raise GroundworkError(
                f"PostgreSQL can't be reached: {self.masked(lines[0].rpartition(' failed: ')[2])}",
                where=f"{self}, user {self.user}",
                next_step="See that the stack is up (`make status`), and that user, password and "
                "database are those of the inventory.",
            ) from None

    def url(self) -> sqlalchemy.URL:
        """The address in SQLAlchemy's form, spoken by psycopg 3."""
        from sqlalchemy import URL

        return URL.create(
            "postgresql+psycopg",
            username=self.user,
            password=self.password,
            host=self.host,
            port=self.port,
            database=self.database,
            query={name: str(value) for name, value in self.options().items()},
        )

    def variables(self) -> dict[str, str]:
        """The address and the login as the client library's variables."""
        named = {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": self.database,
            "PGSSLMODE": self.sslmode,
            "PGSSLROOTCERT": self.sslrootcert,
        }
        return {name: value for name, value in named.items() if value}

    def masked(self, text: str) -> str:
        """`text` without the password, plain or as an URL has it."""
        if not self.password:
            return text
        forms = {self.password, quote(self.password, safe=""), quote_plus(self.password)}
        forms |= {quote(self.password, safe=" +"), repr(self.password)[1:-1]}
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, "********")
        return text


def missing_library(name: str) -> GroundworkError:
    """The error for a Python library that isn't there."""
    import sys

    return GroundworkError(
        f"The Python library {name} is not installed.",
        where=sys.executable,
        next_step="Install the project's requirements for this Python (requirements.txt), or "
        "point ansible_python_interpreter at the Python that has them.",
    )


def current_revisions(
    connection: psycopg.Connection[tuple[Any, ...]],
    table: str = "alembic_version",
    schema: str | None = None,
) -> list[str]:
    """The revisions in the version table, sorted; no table, none. Creates nothing."""
    from psycopg import sql

    name = sql.Identifier(*([schema, table] if schema else [table]))
    quoted = name.as_string(connection)
    if connection.execute("SELECT to_regclass(%s)", [quoted]).fetchone() == (None,):
        return []
    rows = connection.execute(sql.SQL("SELECT version_num FROM {} ORDER BY 1").format(name))
    return [str(row[0]) for row in rows]


def database_revisions(
    host: str,
    port: int,
    user: str,
    database: str,
    password: str,
    timeout: float = 10,
    tls: Mapping[str, str] | None = None,
) -> list[str]:
    """The revisions of a database, sorted. Raises GroundworkError where it can't be reached.

    `tls`: `sslmode` and `sslrootcert`, where they are not the client library's own.
    """
    seconds = round(timeout)
    where = Database(host, port, user, database, password, connect_timeout=seconds, **(tls or {}))
    with where.connect() as connection:
        return current_revisions(connection)


def invalid_indexes(connection: psycopg.Connection[tuple[Any, ...]]) -> list[str]:
    """A sentence for each index that a failed CREATE INDEX CONCURRENTLY left behind."""
    rows = connection.execute(
        """SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text FROM pg_index i
           WHERE NOT i.indisvalid AND NOT EXISTS
             (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
           ORDER BY 1"""
    )
    return [
        f"The index {index} on {table} is invalid: queries don't use it, writes pay for it. "
        f"Drop it (DROP INDEX {index}) and build it again."
        for index, table in rows
    ]


def lock_holders(connection: psycopg.Connection[tuple[Any, ...]], statement: str) -> list[str]:
    """The sessions that hold locks on the tables and indexes that a statement names."""
    rows = connection.execute(
        """SELECT a.pid, a.application_name, a.usename, host(a.client_addr), c.relname, l.mode,
                  a.state, to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ')
           FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
           JOIN pg_stat_activity a ON a.pid = l.pid
           WHERE l.granted AND l.pid <> pg_backend_pid()
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND c.relname = ANY (regexp_split_to_array(%s, '[^[:alnum:]_$]+'))
           ORDER BY a.xact_start LIMIT 5""",
        [statement],
    )
    return [
        f"{session(pid, name, user, address)} holds {mode} on {relation}, "
        f"{state or 'state unknown'}, its transaction since {since}"
        for pid, name, user, address, relation, mode, state, since in rows
    ]


def session(pid: int, application: str | None, user: str | None, address: str | None) -> str:
    """A session in words."""
    parts = [application or "no application name", f"user {user or 'unknown'}"]
    return f"process {pid} ({', '.join([*parts, address or 'this host'])})"
