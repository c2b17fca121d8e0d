"""The schema as it is found: the database's revisions against the checkout's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..config import migrated
from ..errors import GroundworkError
from ..health import ATTEMPT
from ..records import Record
from ..services import ProbeError, Service, endpoint, knock, postgres_options, service_type, within
from .database import Database, Unreachable, database_revisions
from .layout import find_layout
from .tree import compare
from .tree_files import read_tree
from .version_table import Memory

# Short: while this waits for a lock, so does the whole inspection
LOCK_LIMIT = 2.0  # seconds


@dataclass(frozen=True)
class SchemaSetup:
    """The tree to look at, and the service whose database it is for (see `migrate.Request`)."""

    schema_dir: Path
    service: str
    alembic_ini: Path | None = None
    version_table_file: Path | None = None


@dataclass(frozen=True)
class SchemaState(Record):
    """The database's revisions against the checkout's; the states are those of `TreeComparison`.

    Besides: `off` is no tree or no database, `unknown` a database that can't be reached, `unread`
    one whose version table can't be read; `error` says why.
    """

    state: str = ""
    current: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    error: str = ""


def schema_state(
    services: Sequence[Service], tree: SchemaSetup | None, secrets: Mapping[str, str]
) -> SchemaState:
    """Ask the database. Raises GroundworkError where the tree's directory holds none."""
    if tree is None:
        return SchemaState("off")
    service = migrated(services, tree.service)
    if service is None:
        return SchemaState("off", error="off: no PostgreSQL in stack_services")
    layout = find_layout(tree.schema_dir, tree.alembic_ini)
    checkout = read_tree(layout)
    database = _database(service, secrets)
    table = Memory(layout, str(database), tree.version_table_file).table()
    state, error = "", ""
    current: Sequence[str] = ()
    try:
        knock(endpoint(service, "host"), ATTEMPT)
        if table is None:
            why = "env.py has to run first: its text doesn't say where its version table is"
            return SchemaState("unread", heads=checkout.heads, error=why)
        current = within(ATTEMPT, database_revisions, database, table, LOCK_LIMIT)
    except ProbeError as silent:
        state, error = "unknown", str(silent)
    except GroundworkError as wrong:
        state, error = "unknown" if isinstance(wrong, Unreachable) else "unread", wrong.what
    if state:
        return SchemaState(state, heads=checkout.heads, error=error)
    compared = compare(checkout, current)
    pending = tuple(str(item) for item in compared.pending)
    return SchemaState(compared.state, tuple(current), checkout.heads, pending)


def _database(service: Service, secrets: Mapping[str, str]) -> Database:
    here = endpoint(service, "host")
    return Database(
        host=here.host,
        port=here.port,
        user=service.options["user"],
        database=service.options["database"],
        password=secrets.get(service_type(service).secret_variable(service), ""),
        connect_timeout=round(ATTEMPT),
        **postgres_options(service),
    )
