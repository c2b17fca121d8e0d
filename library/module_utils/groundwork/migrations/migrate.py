"""The schema, brought to a revision: one lock, one head, each revision complete or not there.

`migrate` is the way in. A database that is where it should be costs one connection and one look
at the tree's files; Alembic is imported only when there is something to do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import GroundworkError
from ..records import Record
from . import lock
from .database import Database, current_revisions, invalid_indexes, locate
from .layout import find_layout
from .output import captured
from .tree import Step, Tree, compare, nothing_to_do
from .tree_files import read_tree
from .version_table import Memory, stated

if TYPE_CHECKING:
    from .runner import AlembicTree

__all__ = ["Database", "Report", "Request", "migrate"]

_RELATIVE = re.compile(r"[+-]\d+")


@dataclass(frozen=True)
class Request:
    """What is wanted. `target`: head, base, +N, -N, a revision or its unique beginning; seconds.

    `version_table_file` is where it is remembered which version table env.py has, where its text
    doesn't say (see schema_table).
    """

    schema_dir: Path
    alembic_ini: Path | None = None
    target: str = "head"
    lock_wait: float = 60
    lock_timeout: float = 10
    check: bool = False
    show_sql: bool = False
    version_table_file: Path | None = None


@dataclass
class Report:
    """What was found and done; filled while it happens, so that a failure has it too."""

    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    applied: list[Step] = field(default_factory=list)
    pending: list[Step] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    sql: str = ""
    output: str = ""


@dataclass(frozen=True)
class MigrationResult(Record):
    """The module's result: the revisions before and after, what was applied, what waits."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    applied: tuple[Step, ...] = ()
    pending: tuple[Step, ...] = ()
    output: str = ""
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, report: Report) -> MigrationResult:
        """From what happened."""
        return cls(
            tuple(report.before),
            tuple(report.after),
            tuple(report.applied),
            tuple(report.pending),
            report.output,
            tuple(report.warnings),
        )


def migrate(request: Request, database: Database, report: Report) -> None:
    """Bring `database` to `request.target`, or in a check say what that would do.

    Each revision has its transaction: one that fails leaves the database at the revision before
    it, those before it in the same run stay, and `report.applied` holds them. Raises
    GroundworkError; `report` is filled either way.
    """
    layout = find_layout(request.schema_dir, request.alembic_ini)
    tree = read_tree(layout)
    _refuse_two_heads(tree, request.target)
    memory = Memory(layout, str(database), request.version_table_file)
    table = memory.table()
    with database.connect() as connection:
        if table is not None:
            report.before = current_revisions(connection, table, request.lock_timeout)
            report.after = report.before
            if nothing_to_do(tree, report.before, request.target):
                return

    from .runner import AlembicTree

    alembic = AlembicTree(layout, database)
    if request.check:
        _foresee(alembic, request, report)
        return
    with lock.hold(database, request.lock_wait):
        _run(alembic, memory, request, report)


def _foresee(alembic: AlembicTree, request: Request, report: Report) -> None:
    from .errors import describe
    from .runner import reached

    layout, database = alembic.layout, alembic.database
    try:
        with captured() as printed, alembic.opened({"default_transaction_read_only": "on"}):
            tree = _complete_tree(alembic, request.target)
            current = alembic.current()
            if current is None:
                raise _runs_nothing(alembic)
            report.before = report.after = current
            _refuse_ahead(tree, report.before, alembic.database)
            target, down = _resolve(tree, report.before, request.target)
            report.pending = alembic.steps(report.before, target, down)
            report.after = reached(report.before, report.pending, tree)
            if request.show_sql and report.pending:
                try:
                    report.sql = alembic.sql(report.before, target, down)
                except (Exception, SystemExit) as error:
                    found = describe(error, alembic.running, layout, database)
                    report.warnings.append(
                        f"The SQL can't be shown without running it. {found.what} ({found.where})"
                    )
    except (Exception, SystemExit) as error:
        raise describe(error, alembic.running, layout, database) from None
    finally:
        report.output = alembic.database.masked(printed.text)


def _run(alembic: AlembicTree, memory: Memory, request: Request, report: Report) -> None:
    from .errors import describe
    from .runner import standing

    database = alembic.database
    settings = {"lock_timeout": f"{round(request.lock_timeout * 1000)}ms"}
    tree: Tree | None = None
    expected: list[Step] | None = None
    try:
        with captured() as printed, alembic.opened(settings):
            tree = loaded = _complete_tree(alembic, request.target)

            def decide(current: Sequence[str]) -> tuple[str, bool]:
                nonlocal expected
                report.before = report.after = sorted(current)  # somebody else may have been first
                _refuse_ahead(loaded, current, database)
                found = _resolve(loaded, current, request.target)
                expected = alembic.steps(current, *found)
                return found

            alembic.run(request.target, decide, report.applied.append)
    except (Exception, SystemExit) as error:
        problem = describe(error, alembic.running, alembic.layout, database)
        _read_after(alembic, memory, report)
        if tree is not None:
            report.applied = standing(report.after, report.applied, tree)
        _say_what_stands(problem, alembic, report)
        raise problem from None
    finally:
        report.output = database.masked(printed.text)
    if expected is None:
        raise _runs_nothing(alembic)
    _read_after(alembic, memory, report)
    report.applied = standing(report.after, report.applied, loaded)
    if len(report.applied) < len(expected):
        raise GroundworkError(
            f"env.py ran, but the database is at {', '.join(report.after) or 'base'}, so "
            f"{len(expected) - len(report.applied)} of {len(expected)} revisions did not stay.",
            where=str(alembic.layout.schema_dir / "env.py"),
            next_step="If env.py uses the connection before context.configure, it has to commit "
            "what it began: otherwise all is rolled back.",
        )


def _runs_nothing(alembic: AlembicTree) -> GroundworkError:
    return GroundworkError(
        "env.py ran, but it started no migrations, so nothing was changed.",
        where=str(alembic.layout.schema_dir / "env.py"),
        next_step="Let env.py call context.configure(connection=...), and then "
        "context.run_migrations(), as the one that `alembic init` writes does.",
    )


def _read_after(alembic: AlembicTree, memory: Memory, report: Report) -> None:
    """What the database holds now, in the table that env.py has, which is remembered."""
    found = alembic.version_table
    try:
        with alembic.database.connect() as connection:
            if found is not None:
                report.after = current_revisions(connection, found)
                expected = stated(alembic.layout.schema_dir / "env.py")
                memory.keep(found, expected and locate(connection, expected))
            report.warnings += invalid_indexes(connection)
    except GroundworkError as error:
        report.warnings.append(f"The database could not be read afterwards: {error.what}")
    except OSError as error:
        report.warnings.append(
            f"{memory.file} can't be written ({error.strerror}), so each run has to ask env.py "
            "where its version table is."
        )


def _say_what_stands(problem: GroundworkError, alembic: AlembicTree, report: Report) -> None:
    if alembic.running is None:
        return
    done = ", ".join(step.revision for step in report.applied)
    if done:
        problem.details.append(f"Before it, in this run: {done}. That stays.")
    problem.details.append(f"The database is at {', '.join(report.after) or 'base'}.")
    try:
        text = Path(alembic.running.file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    if "autocommit_block" in text:
        problem.details.append(
            "What the revision did in an autocommit_block before it failed has not been undone."
        )


def _complete_tree(alembic: AlembicTree, target: str) -> Tree:
    """The tree that Alembic has loaded; refuses one that isn't complete."""
    tree = read_tree(alembic.layout)
    missing = [problem for problem in tree.problems if "stands on" in problem.why]
    if not missing and tree.problems:
        tree = alembic.tree()
    if tree.problems:
        raise GroundworkError(
            "The revisions' files don't make a tree.",
            where=str(alembic.layout.schema_dir),
            details=[f"{problem.file}: {problem.why}" for problem in tree.problems],
            next_step="Correct or restore these files (a merge or a rebase may have lost one).",
        )
    _refuse_two_heads(tree, target)
    return tree


def _refuse_two_heads(tree: Tree, target: str) -> None:
    if tree.problems or len(tree.heads) < 2 or not (target == "head" or target.startswith("+")):
        return
    raise GroundworkError(
        f"The revisions have {len(tree.heads)} heads: {', '.join(tree.heads)}.",
        where=tree.directory,
        details=[f"{head}: {tree.by_id[head].file}" for head in tree.heads],
        next_step="Two branches of work met. Join them with `alembic merge heads`, or let one "
        "stand on the other (its down_revision). The database was not touched.",
    )


def _refuse_ahead(tree: Tree, current: Sequence[str], database: Database) -> None:
    unknown = compare(tree, current).unknown
    if unknown:
        raise GroundworkError(
            f"The database is ahead: its revision {', '.join(unknown)} is not in this checkout.",
            where=f"{database}; {tree.directory}",
            next_step="Get the code that brought it (`git pull`, or the branch: `git log --all "
            f"--oneline -S {unknown[0]}` finds it), then run again. Nothing was changed.",
        )


def _resolve(tree: Tree, current: Sequence[str], target: str) -> tuple[str, bool]:
    """The target as Alembic wants it, and whether the way there is down."""
    if target in ("head", "base") or _RELATIVE.fullmatch(target):
        return target, target == "base" or target.startswith("-")
    revision = tree.resolve(target)
    if revision is None:
        begun = sorted(id_ for id_ in tree.by_id if id_.startswith(target))
        raise GroundworkError(
            f"There is no revision {target!r}, nor a single one that begins so.",
            where=tree.directory,
            details=[f"It could be {', '.join(begun)}."] if begun else [],
            next_step="Give head, base, +N, -N or a revision of this tree. Nothing was changed.",
        )
    return revision, revision not in current and revision in tree.ancestors(current)
