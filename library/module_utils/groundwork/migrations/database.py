"""The database whose schema Alembic looks after: how to reach it, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from ..environment import POSTGRES_FILES
from ..errors import LIBRARIES, GroundworkError
from ..services import Endpoint, ProbeError, primary
from ..text import masked
from .alembic_run import LOCATE
from .version_table import DEFAULT_TABLE, VersionTable

if TYPE_CHECKING:
    import psycopg

APPLICATION = "groundwork-migrate"
LOCK_TIMEOUT = "55P03"
_WRITES = "read-write"


class Unreachable(GroundworkError):
    """There is no way into the database: it is down, or it refuses the login."""


@dataclass(frozen=True)
class Database:
    """An address and a login. `connect_timeout` is in seconds; the client library's least is 2.

    `host` may be several, `a:5432,b:5433`: `settled` finds the one that takes writes, and says by
    `target_session_attrs` that a connection is no good where it doesn't any more.
    """

    host: str
    port: int
    user: str
    database: str
    password: str = field(repr=False)
    sslmode: str = ""
    sslrootcert: str = ""
    connect_timeout: int = 10
    target_session_attrs: str = ""
    settled_from: str = ""  # all its hosts

    @property
    def key(self) -> str:
        """What it is called wherever something is remembered of it."""
        return f"database {self.database} on {self.settled_from or self._endpoint}"

    def __str__(self) -> str:
        """Where, in an error: no password."""
        return f"database {self.database} on {self._endpoint}"

    @property
    def _endpoint(self) -> Endpoint:
        if "," not in self.host:
            return Endpoint(self.host, self.port)
        ends = [each.rpartition(":") for each in self.host.split(",")]
        return Endpoint.of([(host.strip("[]"), int(port)) for host, _, port in ends])

    def settled(self) -> Database:
        """Itself at the one of several hosts that takes writes. Raises Unreachable.

        Found once for a whole migration: so its lock, its identity and Alembic are at one server,
        and after a failover in its middle nothing goes to another one.
        """
        where = self._endpoint
        if not where.others:
            return self
        try:
            chosen = primary(where, self._login(), self.connect_timeout).endpoint
        except ProbeError as error:
            raise self._unreachable(str(error)) from None
        return replace(
            self,
            host=chosen.host,
            port=chosen.port,
            target_session_attrs=_WRITES,
            settled_from=str(where),
        )

    def options(self) -> dict[str, Any]:
        """What the client library is told besides the address."""
        options: dict[str, Any] = {
            "connect_timeout": max(2, self.connect_timeout),
            "application_name": APPLICATION,
        }
        named = {
            "sslmode": self.sslmode,
            "sslrootcert": self.sslrootcert,
            "target_session_attrs": self.target_session_attrs,
        }
        return options | {name: value for name, value in named.items() if value}

    def _login(self) -> dict[str, Any]:
        login = {"user": self.user, "password": self.password, "dbname": self.database}
        return login | self.options()

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection in autocommit. Raises Unreachable where there is no way in."""
        try:
            import psycopg
        except ImportError:
            raise missing_library("psycopg") from None
        here = self.settled()
        given: dict[str, Any] = {**POSTGRES_FILES, **here._login()}
        try:
            return psycopg.connect(host=here.host, port=here.port, autocommit=True, **given)
        except psycopg.Error as error:
            lines = [line for line in str(error).splitlines() if line.strip()] or ["unreachable"]
            raise here._unreachable(lines[0].rpartition(" failed: ")[2]) from None

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable(
            f"PostgreSQL can't be reached: {self.masked(why)}",
            where=f"{self}, user {self.user}",
            next_step="See that the stack is up (`make status`), and that user, password and "
            "database are those of the inventory.",
        )

    def login(self) -> dict[str, Any]:
        """The address and the login, as SQLAlchemy's URL takes them."""
        return {
            "username": self.user,
            "password": self.password,
            "host": self.host,
            "port": self.port,
            "database": self.database,
        }

    def url(self, scheme: str = "") -> str:
        """The address as an app reads it, with the password."""
        user, password, name = (
            quote(each, safe="") for each in (self.user, self.password, self.database)
        )
        host = f"[{self.host}]" if ":" in self.host else self.host
        query = ""
        if self.sslmode:  # asyncpg takes the file from the environment only
            rest = f"sslmode={self.sslmode}&sslrootcert={quote(self.sslrootcert)}"
            query = f"?ssl={self.sslmode}" if scheme.endswith("+asyncpg") else f"?{rest}"
        return f"{scheme or 'postgresql'}://{user}:{password}@{host}:{self.port}/{name}{query}"

    def variables(self) -> dict[str, str]:
        """The address and the login as the client library's variables."""
        where = self._endpoint
        named = {
            "PGHOST": ",".join(at.host for at in where.each),
            "PGPORT": ",".join(str(at.port) for at in where.each),
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": self.database,
            "PGSSLMODE": self.sslmode,
            "PGSSLROOTCERT": self.sslrootcert,
            "PGTARGETSESSIONATTRS": _WRITES if where.others else self.target_session_attrs,
        }
        return {name: value for name, value in named.items() if value}

    def masked(self, text: str) -> str:
        """`text` without the password, plain or as an URL has it."""
        if not self.password:
            return text
        forms = {self.password, quote(self.password, safe=""), quote_plus(self.password)}
        forms |= {quote(self.password, safe=" +"), repr(self.password)[1:-1]}
        return masked(text, forms)


def missing_library(name: str) -> GroundworkError:
    """The error for a Python library that isn't there."""
    import sys

    return GroundworkError(
        f"The Python library {name} is not installed.",
        where=sys.executable,
        next_step=LIBRARIES,
    )


def current_revisions(
    connection: psycopg.Connection[tuple[Any, ...]],
    table: VersionTable = DEFAULT_TABLE,
    limit: float = 10,
) -> list[str]:
    """The revisions in the version table, sorted; no table, none. Creates nothing.

    Waits at most `limit` seconds for a lock, twice that for a statement. Raises GroundworkError
    where the table can't be read; where somebody holds a lock on it, that names who.
    """
    import psycopg
    from psycopg import sql

    try:
        # Within one transaction: behind a pooler, the next statement may be another session's
        with connection.transaction():
            connection.execute(
                "SELECT set_config('lock_timeout', %s, true), "
                "set_config('statement_timeout', %s, true)",
                [f"{round(limit * 1000)}ms", f"{round(limit * 2000)}ms"],
            )
            found = locate(connection, table)
            if found is None:
                return []
            table = found
            name = sql.Identifier(str(found.schema), found.name)
            rows = connection.execute(sql.SQL("SELECT version_num FROM {} ORDER BY 1").format(name))
            return [str(row[0]) for row in rows]
    except psycopg.Error as error:
        raise _unreadable(connection, error, table) from None


def locate(
    connection: psycopg.Connection[tuple[Any, ...]], table: VersionTable
) -> VersionTable | None:
    """The table with the schema that this session finds it in; None where there is none."""
    row = connection.execute(LOCATE.encode(), table.as_parameters()).fetchone()
    return VersionTable(row[1], row[0]) if row else None


def _unreadable(
    connection: psycopg.Connection[tuple[Any, ...]], error: psycopg.Error, table: VersionTable
) -> GroundworkError:
    """Why a version table can't be read, as one that a user may see."""
    info, state = connection.info, error.sqlstate or ""
    where = f"database {info.dbname} on {info.host}:{info.port}, user {info.user}"
    said = error.diag.message_primary or (str(error).splitlines() or [type(error).__name__])[0]
    next_step = {
        LOCK_TIMEOUT: "Let that session end its transaction, or end it "
        "(SELECT pg_terminate_backend(PROCESS)), then run again.",
        "42501": f"Give {info.user} the right to read it (USAGE on its schema, SELECT on it), or "
        "name the role that owns the schema as the service's user.",
        "42703": "It is no version table of Alembic's: rename it, or give the tree another one "
        "(version_table in env.py's context.configure).",
    }.get(state, "See that the database is well, then run again.")
    if state != LOCK_TIMEOUT:
        what = f"The version table {table} can't be read: {said}"
        return GroundworkError(what, where=where, next_step=next_step)
    holders = lock_holders(connection, table.name)
    return GroundworkError(
        f"The version table {table} is locked: "
        f"{holders[0] if holders else 'who held it has let it go meanwhile'}.",
        where=where,
        details=holders[1:],
        next_step=next_step,
    )


def database_revisions(
    database: Database, table: VersionTable = DEFAULT_TABLE, limit: float = 2
) -> list[str]:
    """The revisions of a database, sorted; see `current_revisions`.

    Raises GroundworkError where it can't be read, and Unreachable where it can't be reached.
    """
    with database.connect() as connection:
        return current_revisions(connection, table, limit)


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
    """The sessions that hold or want locks on the tables and indexes that a statement names."""
    rows = connection.execute(
        """SELECT a.pid, a.application_name, a.usename, host(a.client_addr), c.relname, l.mode,
                  l.granted, a.state, to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS TZ')
           FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
           JOIN pg_stat_activity a ON a.pid = l.pid
           WHERE l.pid <> pg_backend_pid()
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND c.relname = ANY (%(statement)s::text || regexp_split_to_array(
                   %(statement)s::text, '[^[:alnum:]_$]+'))
           ORDER BY l.granted DESC, l.mode = 'AccessExclusiveLock' DESC, a.xact_start LIMIT 5""",
        {"statement": statement},
    )
    return [
        f"{session(pid, name, user, address)} {'holds' if granted else 'waits for'} {mode} on "
        f"{relation}, {state or 'state unknown'}, its transaction since {since or 'unknown'}"
        for pid, name, user, address, relation, mode, granted, state, since in rows
    ]


def session(pid: int, application: str | None, user: str | None, address: str | None) -> str:
    """A session in words."""
    parts = [application or "no application name", f"user {user or 'unknown'}"]
    return f"process {pid} ({', '.join([*parts, address or 'this host'])})"
