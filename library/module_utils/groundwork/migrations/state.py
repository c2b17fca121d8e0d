"""The schema as it is found: the database's revisions against the checkout's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..errors import GroundworkError
from ..health import ATTEMPT
from ..records import Record
from ..services import ProbeError, Service, endpoint, knock, postgres_options, service_type, within
from .database import Database, Unreachable, database_revisions
from .layout import find_layout
from .setup import SchemaSetup
from .tree import compare
from .tree_files import read_tree
from .version_table import Memory, VersionTable

# Short: while this waits for a lock, so does the whole inspection
LOCK_LIMIT = 2.0  # seconds


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


def schema_states(
    services: Sequence[Service], trees: Sequence[SchemaSetup], secrets: Mapping[str, str]
) -> dict[str, SchemaState]:
    """Each tree's state by its name, all asked at once. Raises GroundworkError where a directory
    holds no tree, or two trees would share a version table."""
    if not trees:
        return {}
    known = {service.name: service for service in services}
    with ThreadPoolExecutor(min(8, len(trees))) as pool:
        found = list(pool.map(lambda tree: _state(known.get(tree.service), tree, secrets), trees))
    _refuse_shared_tables(trees, [table for _, table in found])
    return {tree.name: state for tree, (state, _) in zip(trees, found, strict=True)}


def _state(
    service: Service | None, tree: SchemaSetup, secrets: Mapping[str, str]
) -> tuple[SchemaState, VersionTable | None]:
    """A tree's state, and its version table where that is known."""
    if service is None:
        return SchemaState("off", error="off: no PostgreSQL in stack_services"), None
    directory, ini, start, memory = tree.paths()
    layout = find_layout(directory, ini, start)
    checkout = read_tree(layout)
    database = login_of(service, tree, secrets)
    table = Memory(layout, database.key, memory).table()
    state, error = "", ""
    current: Sequence[str] = ()
    try:
        knock(endpoint(service, "host"), ATTEMPT)
        if table is None:
            why = "env.py has to run first: its text doesn't say where its version table is"
            return SchemaState("unread", heads=checkout.heads, error=why), None
        current = within(ATTEMPT, database_revisions, database, table, LOCK_LIMIT)
    except ProbeError as silent:
        state, error = "unknown", str(silent)
    except GroundworkError as wrong:
        state, error = "unknown" if isinstance(wrong, Unreachable) else "unread", wrong.what
    if state:
        return SchemaState(state, heads=checkout.heads, error=error), table
    compared = compare(checkout, current)
    pending = tuple(str(item) for item in compared.pending)
    return SchemaState(compared.state, tuple(current), checkout.heads, pending), table


def _refuse_shared_tables(
    trees: Sequence[SchemaSetup], tables: Sequence[VersionTable | None]
) -> None:
    seen: dict[tuple[str, str, VersionTable], str] = {}
    for tree, table in zip(trees, tables, strict=True):
        if table is None:
            continue
        place = (tree.service, tree.database, table)
        if place in seen:
            raise GroundworkError(
                f"Two trees, {seen[place]} and {tree.name}, keep their revisions in the same table "
                f"{table} of the database {tree.database}, so each would undo the other's.",
                where="schema_trees",
                next_step="Give one a table of its own (version_table in env.py's "
                "context.configure), or a database of its own. Nothing was changed.",
            )
        seen[place] = tree.name


def login_of(service: Service, tree: SchemaSetup, secrets: Mapping[str, str]) -> Database:
    """Where a tree's database is, and the login of its owner."""
    here = endpoint(service, "host")
    secret = tree.secret or service_type(service).secret_variable(service)
    return Database(
        host=str(here) if here.others else here.host,
        port=here.port,
        user=tree.user or service.options["user"],
        database=tree.database or service.options["database"],
        password=secrets.get(secret, ""),
        connect_timeout=round(ATTEMPT),
        **postgres_options(service),
    )
