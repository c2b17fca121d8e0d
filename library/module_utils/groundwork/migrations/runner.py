"""A tree run through Alembic, in this process. Alembic and SQLAlchemy are imported here only.

env.py runs as it would from the command line, so any tree works. Two things differ: each revision
has a transaction of its own, and the connection that env.py brings has to lead to the database
that the inventory names.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..environment import POSTGRES_FILES, lent
from ..errors import GroundworkError
from .database import Database, missing_library
from .layout import Layout
from .tree import Revision, Step, Tree, misfits
from .version_table import LOCATE, VersionTable

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

# Tells a database from another, however it was reached.
_IDENTITY = "SELECT current_database() || ' started ' || pg_postmaster_start_time()"

# A migration that dies in the middle of a statement: the server looks, and takes it back at once.
_CLIENT_GONE = ("client_connection_check_interval", "2s")


class AlembicTree:
    """One tree and one database. Use it inside of `opened()`, where the tree's code may run."""

    def __init__(self, layout: Layout, database: Database) -> None:
        self.layout = layout
        self.database = database
        self.running: Step | None = None
        self.version_table: VersionTable | None = None  # env.py's, once that has run
        self._script: ScriptDirectory | None = None

    @contextmanager
    def opened(self, settings: Mapping[str, str]) -> Iterator[None]:
        """Where the tree's code runs: its directory; new connections get PostgreSQL's
        `settings`."""
        try:
            import alembic  # noqa: F401
            from sqlalchemy import event
            from sqlalchemy.pool import Pool
        except ImportError as error:
            raise missing_library((error.name or "alembic").partition(".")[0]) from None

        def prepare(connection: Any, record: Any) -> None:
            for name, value in (*settings.items(), _CLIENT_GONE):
                cursor = connection.cursor()
                try:
                    cursor.execute(f"SET {name} = '{value}'")
                    connection.commit()
                except Exception:  # a server that doesn't know it, or a migration's other database
                    connection.rollback()
                finally:
                    cursor.close()

        path = list(sys.path)
        if self.layout.package_root:
            sys.path.insert(0, str(self.layout.package_root))
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        event.listen(Pool, "connect", prepare)
        try:
            # For an env.py that asks the environment, and a migration that has its own connection
            variables = {**self.database.variables(), "PGOPTIONS": options}
            with lent(variables), _chdir(self.layout.directory):
                sys.path_importer_cache.pop(".", None)  # what "." meant in another directory
                yield
        finally:
            event.remove(Pool, "connect", prepare)
            sys.path[:] = path

    def script(self) -> ScriptDirectory:
        """Alembic's own view of the tree; its files run when it is first asked."""
        from alembic.script import ScriptDirectory

        if self._script is None:
            self._script = ScriptDirectory.from_config(self._config())
        return self._script

    def tree(self) -> Tree:
        """The tree as its files say when they run, for those that can't be read otherwise."""
        found = tuple(
            Revision(
                item.revision,
                _names(item.down_revision),
                _names(item.dependencies),
                _names(item.branch_labels),
                item.path,
                item.doc or "",
            )
            for item in self.script().walk_revisions()
        )
        return Tree(str(self.layout.schema_dir), found, misfits(found))

    def steps(self, current: Sequence[str], target: str, down: bool) -> list[Step]:
        """What Alembic would do to bring `current` to `target`, in order."""
        return [_step(item) for item in self._raw_steps(current, target, down)]

    def run(
        self,
        target: str,
        decide: Callable[[Sequence[str]], tuple[str, bool]],
        done: Callable[[Step], None],
    ) -> None:
        """Run env.py and the migrations up to `target`; `done` hears of each that is committed.

        `decide` is handed the revisions that env.py's own version table holds, and gives the target
        as Alembic wants it and whether the way there is down; it may refuse. Whatever env.py or a
        migration raises passes through; `running` is the step it was.
        """

        def work(current: Any, context: Any) -> Iterator[Any]:
            self._locate(context)
            revisions = _names(current)
            for item in self._raw_steps(revisions, *decide(revisions)):
                self.running, started = _step(item), time.perf_counter()
                yield item
                done(replace(self.running, seconds=round(time.perf_counter() - started, 3)))
                self.running = None

        self._run_env(work, destination_rev=target)

    def current(self) -> list[str] | None:
        """What env.py's version table holds, sorted; None where env.py runs no migrations.

        Like `alembic current`: nothing is written, as far as env.py itself writes nothing.
        """
        found: list[tuple[str, ...]] = []

        def work(current: Any, context: Any) -> list[Any]:
            self._locate(context)
            found.append(_names(current))
            return []

        self._run_env(work, dont_mutate=True)
        return sorted(found[-1]) if found else None

    def _run_env(
        self, work: Callable[..., Any], buffer: io.StringIO | None = None, **options: Any
    ) -> None:
        from alembic.runtime.environment import EnvironmentContext

        with ExitStack() as stack:
            config = self._config(buffer)
            config.attributes["connection"] = stack.enter_context(self._connection())
            environment = EnvironmentContext(config, self.script(), fn=work, **options)
            self._guard(environment)
            stack.enter_context(environment)
            self.script().run_env()

    def _locate(self, context: Any) -> None:
        """Learn where env.py's session has its version table."""
        from sqlalchemy import text

        table = VersionTable(context.version_table, context.version_table_schema)
        query = LOCATE.replace("%(schema)s", ":schema").replace("%(name)s", ":name")
        row = context.connection.execute(text(query), table.as_parameters()).fetchone()
        self.version_table = VersionTable(row[1], row[0]) if row else table

    def sql(self, current: Sequence[str], target: str, down: bool) -> str:
        """The statements of `run`, without running them; what env.py raises passes through."""
        buffer = io.StringIO()

        def work(_: Any, context: Any) -> Iterator[Any]:
            for item in self._raw_steps(current, target, down):
                self.running = _step(item)
                yield item

        starting = tuple(current) or None
        self._run_env(work, buffer, as_sql=True, starting_rev=starting, destination_rev=target)
        self.running = None
        return buffer.getvalue().strip() + "\n"

    def _raw_steps(self, current: Sequence[str], target: str, down: bool) -> list[Any]:
        script = self.script()
        find = script._downgrade_revs if down else script._upgrade_revs
        return list(find(target, tuple(current)))  # type: ignore[arg-type]

    def _guard(self, environment: EnvironmentContext) -> None:
        """Put ourselves between env.py and `context.configure`."""
        configure = environment.configure

        def guarded(connection: Any = None, **options: Any) -> None:
            if connection is not None and not environment.is_offline_mode():
                self._check_identity(connection)
            # A revision is complete or not there, and those before it stay.
            options["transaction_per_migration"] = True
            configure(connection, **options)

        # Alembic's module `alembic.context` asks the instance; a subclass it would not find.
        environment.configure = guarded  # type: ignore[method-assign, assignment]

    def _check_identity(self, connection: Any) -> None:
        from sqlalchemy import text

        in_transaction = connection.in_transaction()
        found = connection.execute(text(_IDENTITY)).scalar()
        if not in_transaction:
            connection.rollback()
        with self.database.connect() as own:
            wanted = own.execute(_IDENTITY).fetchone()
        if wanted != (found,):
            raise GroundworkError(
                "env.py connects to another database than the inventory's, so nothing was run.",
                where=str(self.layout.schema_dir / "env.py"),
                details=[f"env.py: {found}", f"inventory: {wanted[0] if wanted else 'unknown'}"],
                next_step="Let env.py use sqlalchemy.url or config.attributes['connection'], "
                "which hold the inventory's database, or correct the address that it reads.",
            )

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        from sqlalchemy import NullPool, create_engine

        engine = create_engine(self.database.url(), poolclass=NullPool, connect_args=POSTGRES_FILES)
        with engine.connect() as connection:
            yield connection

    def _config(self, buffer: io.StringIO | None = None) -> Config:
        from alembic.config import Config

        config = Config(self.layout.ini, self.layout.toml, output_buffer=buffer or io.StringIO())
        url = self.database.url().render_as_string(hide_password=False)
        for name, value in (
            ("script_location", str(self.layout.schema_dir)),
            ("sqlalchemy.url", url),
        ):
            config.set_main_option(name, value.replace("%", "%%"))
        return config


def _step(item: Any) -> Step:
    revision = item.revision
    return Step(
        revision.revision, revision.path, revision.doc or "", "up" if item.is_upgrade else "down"
    )


def _names(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def reached(current: Sequence[str], steps: Sequence[Step], tree: Tree) -> list[str]:
    """The revisions that a database with `current` has after `steps`, sorted."""
    heads = set(current)
    for step in steps:
        parents = set(tree.by_id[step.revision].parents)
        if step.direction == "up":
            heads = (heads - parents) | {step.revision}
        else:
            heads = (heads - {step.revision}) | parents
    return sorted(heads)


def standing(current: Sequence[str], steps: Sequence[Step], tree: Tree) -> list[Step]:
    """Those of `steps` that a database with `current` has behind it."""
    applied = tree.ancestors(current)
    return [step for step in steps if (step.revision in applied) == (step.direction == "up")]


def project_directories(layout: Layout) -> list[Path]:
    """The directories whose files are the tree's own, for telling where an error came from."""
    return [layout.schema_dir, *layout.versions]


@contextmanager
def _chdir(directory: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)
