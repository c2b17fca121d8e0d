"""A revision written down without running it, as `alembic stamp` does.

For a database whose tables are there already, or that is at a revision which nobody has any more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import GroundworkError
from . import lock
from .database import Database, current_revisions, locate
from .errors import describe
from .layout import find_layout
from .migrate import Report, Request, complete_tree, runs_nothing
from .runner import AlembicTree
from .tree import Tree
from .version_table import VersionTable

_RELATIVE = re.compile(r"[+-]\d+")


def stamp(request: Request, database: Database, report: Report) -> None:
    """Write down that `database` is at `request.target`: head, base or a revision.

    Revisions that the tree doesn't have give way, as do those of the target's own line; those of
    other branches stay. Raises GroundworkError; `report` is filled either way.
    """
    layout = find_layout(request.schema_dir, request.alembic_ini, request.directory)
    alembic = AlembicTree(layout, database, request.interpreter, request.scheme, request.variables)
    if request.check:
        _ask(alembic, request, report)
        return
    with lock.hold(database, request.lock_wait):
        table = _ask(alembic, request, report)
        if report.before != report.after:
            _write(database, table, report, request.lock_timeout)


def stamped(tree: Tree, current: Sequence[str], target: str) -> list[str]:
    """The revisions that a database with `current` has once it is stamped, sorted. Pure."""
    if target == "base":
        return []
    found = tree.heads[0] if target == "head" and tree.heads else tree.resolve(target)
    if found is None:
        begun = sorted(id_ for id_ in tree.by_id if id_.startswith(target))
        relative = " (a step up or down is schema_target's)" if _RELATIVE.fullmatch(target) else ""
        raise GroundworkError(
            f"There is no revision {target!r}, nor a single one that begins so{relative}.",
            where=tree.directory,
            details=[f"It could be {', '.join(begun)}."] if begun else [],
            next_step="Give head, base or a revision of this tree (playbooks/schema.yml shows "
            "them). Nothing was changed.",
        )
    below = tree.ancestors([found])
    others = [each for each in current if each in tree.by_id and each not in below]
    return sorted({found, *(each for each in others if found not in tree.ancestors([each]))})


def _ask(alembic: AlembicTree, request: Request, report: Report) -> VersionTable:
    """env.py's version table; what is in it, and what is to be."""
    try:
        with alembic.opened({"default_transaction_read_only": "on"}):
            tree = complete_tree(alembic, request.target)
            current = alembic.current()
    except (Exception, SystemExit) as error:
        raise describe(error, alembic) from None
    finally:
        report.output = alembic.output
    table = alembic.version_table
    if current is None or table is None:
        raise runs_nothing(alembic)
    report.before = report.after = current
    report.after = stamped(tree, current, request.target)
    report.stamped = report.before != report.after
    return table


def _write(database: Database, table: VersionTable, report: Report, limit: float) -> None:
    import psycopg
    from psycopg import sql

    wanted = report.after
    try:
        with database.connect() as connection, connection.transaction():
            milliseconds = f"{round(limit * 1000)}ms"
            connection.execute("SELECT set_config('lock_timeout', %s, true)", [milliseconds])
            place = [part for part in (table.schema, table.name) if part]
            name = sql.Identifier(*place)
            if locate(connection, table) is None:  # as Alembic makes it
                key = sql.Identifier(f"{table.name}_pkc")
                connection.execute(
                    sql.SQL(
                        "CREATE TABLE {} (version_num VARCHAR(32) NOT NULL, "
                        "CONSTRAINT {} PRIMARY KEY (version_num))"
                    ).format(name, key)
                )
            connection.execute(sql.SQL("DELETE FROM {}").format(name))
            for revision in wanted:
                insert = sql.SQL("INSERT INTO {} (version_num) VALUES (%s)")
                connection.execute(insert.format(name), [revision])
    except psycopg.Error as error:
        report.after, report.stamped = report.before, False
        said = error.diag.message_primary or (str(error).splitlines() or [""])[0]
        raise GroundworkError(
            f"The version table {table} can't be written: {database.masked(said)}",
            where=str(database),
            next_step="See that nobody else holds it, and that its owner is the tree's login; "
            "then run again. Nothing was changed.",
        ) from None
    with database.connect() as connection:
        report.after = current_revisions(connection, table)
