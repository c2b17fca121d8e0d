"""The schema, brought to a revision: one lock, one head, each revision complete or not there.

`migrate` is the way in. A database that is where it should be costs one connection and one look
at the tree's files; Alembic is imported only when there is something to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import GroundworkError
from ..records import Record
from . import lock
from .database import Database, current_revisions, invalid_indexes, locate
from .errors import describe
from .interpreter import Interpreter
from .layout import find_layout
from .runner import AlembicTree, Follower, reached, standing
from .target import refuse_ahead, refuse_two_heads, resolve
from .tree import Step, Tree, nothing_to_do
from .tree_files import read_tree
from .version_table import Memory, stated

NOT_UNDONE = "What the revision did in an autocommit_block before it failed has not been undone."

__all__ = ["NOT_UNDONE", "Database", "Report", "Request", "migrate"]


@dataclass(frozen=True)
class Request:
    """What is wanted. `target`: head, base, +N, -N, a revision or its unique beginning; seconds.

    `version_table_file` is where it is remembered which version table env.py has, where its text
    doesn't say (see version_table). `interpreter` is the app's own Python, None for this one;
    `scheme` that of the app's URL (`postgresql+asyncpg`), `variables` what the tree's code finds in
    its environment, `directory` the one that it runs in, where that isn't alembic.ini's.
    """

    schema_dir: Path
    alembic_ini: Path | None = None
    target: str = "head"
    lock_wait: float = 60
    lock_timeout: float = 10
    check: bool = False
    show_sql: bool = False
    version_table_file: Path | None = None
    interpreter: Interpreter | None = None
    scheme: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None


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
    stamped: bool = False  # written down only, or to be
    failed_revision: str = ""


@dataclass(frozen=True)
class MigrationResult(Record):
    """The module's result: the revisions before and after, what was applied, what waits."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    applied: tuple[Step, ...] = ()
    pending: tuple[Step, ...] = ()
    output: str = ""
    warnings: tuple[str, ...] = ()
    tree: str = ""
    stamped: bool = False
    failed_revision: str = ""

    @classmethod
    def of(cls, report: Report, tree: str = "") -> MigrationResult:
        """From what happened to a tree of that name."""
        return cls(
            tuple(report.before),
            tuple(report.after),
            tuple(report.applied),
            tuple(report.pending),
            report.output,
            tuple(report.warnings),
            tree,
            report.stamped,
            report.failed_revision,
        )


def migrate(request: Request, database: Database, report: Report) -> None:
    """Bring `database` to `request.target`, or in a check say what that would do.

    Each revision has its transaction: one that fails leaves the database at the revision before
    it, those before it in the same run stay, and `report.applied` holds them. Raises
    GroundworkError; `report` is filled either way.
    """
    layout = find_layout(request.schema_dir, request.alembic_ini, request.directory)
    tree = read_tree(layout)
    refuse_two_heads(tree, request.target)
    memory = Memory(layout, database.key, request.version_table_file)
    table = memory.table()
    database = database.settled()
    with database.connect() as connection:
        if table is not None:
            report.before = current_revisions(connection, table, request.lock_timeout)
            report.after = report.before
            if nothing_to_do(tree, report.before, request.target):
                return

    alembic = AlembicTree(layout, database, request.interpreter, request.scheme, request.variables)
    if request.check:
        _foresee(alembic, request, report)
        return
    with lock.hold(database, request.lock_wait):
        _run(alembic, memory, request, report)


def _foresee(alembic: AlembicTree, request: Request, report: Report) -> None:
    try:
        with alembic.opened({"default_transaction_read_only": "on"}):
            tree = complete_tree(alembic, request.target)
            current = alembic.current()
            if current is None:
                raise runs_nothing(alembic)
            report.before = report.after = current
            refuse_ahead(tree, report.before, alembic.database)
            target, down = resolve(tree, report.before, request.target)
            report.pending = alembic.steps(report.before, target, down)
            report.after = reached(report.before, report.pending, tree)
            if request.show_sql and report.pending:
                try:
                    report.sql = alembic.sql(report.before, target, down)
                except (Exception, SystemExit) as error:
                    found = describe(error, alembic)
                    report.warnings.append(
                        f"The SQL can't be shown without running it. {found.what} ({found.where})"
                    )
    except (Exception, SystemExit) as error:
        raise describe(error, alembic) from None
    finally:
        report.output = alembic.output


class _Following(Follower):
    """Refuses what mustn't be run, and keeps what was."""

    def __init__(self, tree: Tree, database: Database, target: str, report: Report) -> None:
        self._tree, self._database, self._target = tree, database, target
        self._report = report
        self.expected: list[Step] | None = None

    def decide(self, current: list[str]) -> tuple[str, bool]:
        # Somebody else may have been first
        self._report.before = self._report.after = sorted(current)
        refuse_ahead(self._tree, current, self._database)
        return resolve(self._tree, current, self._target)

    def planned(self, steps: list[Step]) -> None:
        self.expected = steps

    def done(self, step: Step) -> None:
        self._report.applied.append(step)


def _run(alembic: AlembicTree, memory: Memory, request: Request, report: Report) -> None:
    settings = {"lock_timeout": f"{round(request.lock_timeout * 1000)}ms"}
    tree: Tree | None = None
    following: _Following | None = None
    try:
        with alembic.opened(settings):
            tree = complete_tree(alembic, request.target)
            following = _Following(tree, alembic.database, request.target, report)
            alembic.run(request.target, following)
    except (Exception, SystemExit) as error:
        problem = describe(error, alembic)
        _read_after(alembic, memory, report)
        if tree is not None:
            report.applied = standing(report.after, report.applied, tree)
        _say_what_stands(problem, alembic, report)
        raise problem from None
    finally:
        report.output = alembic.output
    expected = following.expected
    if expected is None:
        raise runs_nothing(alembic)
    _read_after(alembic, memory, report)
    report.applied = standing(report.after, report.applied, tree)
    if len(report.applied) < len(expected):
        raise GroundworkError(
            f"env.py ran, but the database is at {', '.join(report.after) or 'base'}, so "
            f"{len(expected) - len(report.applied)} of {len(expected)} revisions did not stay.",
            where=str(alembic.layout.schema_dir / "env.py"),
            next_step="If env.py uses the connection before context.configure, it has to commit "
            "what it began: otherwise all is rolled back.",
        )


def runs_nothing(alembic: AlembicTree) -> GroundworkError:
    """The error for an env.py that runs no migrations."""
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
    report.failed_revision = alembic.running.revision
    done = ", ".join(step.revision for step in report.applied)
    if done:
        problem.details.append(f"Before it, in this run: {done}. That stays.")
    problem.details.append(f"The database is at {', '.join(report.after) or 'base'}.")
    try:
        text = Path(alembic.running.file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    if "autocommit_block" in text:
        problem.details.append(NOT_UNDONE)


def complete_tree(alembic: AlembicTree, target: str) -> Tree:
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
    refuse_two_heads(tree, target)
    return tree
