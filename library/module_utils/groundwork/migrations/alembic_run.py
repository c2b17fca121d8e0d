"""A tree run through Alembic, by whichever Python has what the tree imports.

The only code that runs a tree: in this process (`runner`), or in the app's own interpreter, to
which it is sent as text (`foreign`). So it needs the standard library, Alembic and SQLAlchemy 1.4
alone, runs on Python 3.8, and takes and gives plain data.

env.py runs as it would from the command line, so any tree works. Two things differ: each revision
has a transaction of its own, and the connection that env.py brings has to lead to the database
that the inventory names.
"""

from __future__ import annotations

import io
import os
import sys
import time
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from .alembic_errors import MissingLibrary, OtherDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Plain = dict[str, Any]

# Tells a database from another, however it was reached, in whatever time zone a session is
IDENTITY = """SELECT current_database() || ' started ' || to_char(
    pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || ' UTC'"""

# A table's schema and name as a session finds it: version_table_schema, or its search_path
LOCATE = """SELECT n.nspname, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = to_regclass(
        coalesce(quote_ident(%(schema)s) || '.', '') || quote_ident(%(name)s))"""

# A migration that dies in the middle of a statement: the server looks, and takes it back at once.
_CLIENT_GONE = ("client_connection_check_interval", "2s")

# Those that can be asked without an event loop
_LIBPQ = ("psycopg2", "psycopg")


class Listener:
    """Who hears how a run goes on. `decide` gets the revisions that env.py's own version table
    holds, and gives the target as Alembic wants it and whether the way there is down; it may
    raise, and nothing is done."""

    def decide(self, current: list[str]) -> tuple[str, bool]:
        """The target, and whether it is below."""
        raise NotImplementedError

    def planned(self, steps: list[Plain]) -> None:
        """These will be run."""

    def started(self, step: Plain | None) -> None:
        """This one is under way; None: none is."""

    def done(self, step: Plain) -> None:
        """This one is committed, after `seconds`."""


class AlembicRun:
    """One tree and one database, inside of `opened()`.

    `setup`: schema_dir, ini, toml, directory (to run in), package_root: see `Layout`; drivers, the
    wanted first; login (see `Database.login`), options of it for libpq's drivers; identity, what
    `IDENTITY` gives there; libpq, further arguments of a connection.
    """

    def __init__(self, setup: Mapping[str, Any]) -> None:
        self.setup = setup
        self.running: Plain | None = None
        # env.py's, name and schema, once that has run
        self.version_table: list[str | None] | None = None
        self._script: Any = None

    @contextmanager
    def opened(self, settings: Mapping[str, str]) -> Iterator[None]:
        """Where the tree's code runs: its directory; new connections get PostgreSQL's `settings`.

        Raises MissingLibrary.
        """
        try:
            import alembic  # noqa: F401
            import sqlalchemy
            from sqlalchemy import event
            from sqlalchemy.pool import Pool
        except ImportError as error:
            raise MissingLibrary((error.name or "alembic").partition(".")[0]) from None
        if sqlalchemy.__version__.startswith(("0.", "1.0", "1.1", "1.2", "1.3")):
            raise MissingLibrary("sqlalchemy", f"{sqlalchemy.__version__} is too old: 1.4 or newer")

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

        path, before = list(sys.path), os.getcwd()  # noqa: PTH109
        if self.setup["package_root"]:
            sys.path.insert(0, self.setup["package_root"])
        event.listen(Pool, "connect", prepare)
        try:
            os.chdir(self.setup["directory"])
            sys.path_importer_cache.pop(".", None)  # what "." meant in another directory
            yield
        finally:
            os.chdir(before)
            event.remove(Pool, "connect", prepare)
            sys.path[:] = path

    def revisions(self) -> list[Plain]:
        """The tree as its files say when they run, for those that can't be read otherwise."""
        return [
            {
                "id": item.revision,
                "parents": _names(item.down_revision),
                "depends_on": _names(item.dependencies),
                "labels": _names(item.branch_labels),
                "file": item.path,
                "message": item.doc or "",
            }
            for item in self._scripts().walk_revisions()
        ]

    def steps(self, current: Sequence[str], target: str, down: bool) -> list[Plain]:
        """What Alembic would do to bring `current` to `target`, in order."""
        return [_step(item) for item in self._raw_steps(current, target, down)]

    def run(self, target: str, listener: Listener) -> None:
        """Run env.py and the migrations up to `target`; `listener` hears of each.

        Whatever env.py or a migration raises passes through; `running` is the step it was.
        """

        def work(current: Any, context: Any) -> Iterator[Any]:
            self._locate(context)
            revisions = _names(current)
            items = self._raw_steps(revisions, *listener.decide(revisions))
            listener.planned([_step(item) for item in items])
            for item in items:
                self.running, began = _step(item), time.perf_counter()
                listener.started(self.running)
                yield item
                listener.done({**self.running, "seconds": round(time.perf_counter() - began, 3)})
                self.running = None
                listener.started(None)

        self._run_env(work, destination_rev=target)

    def current(self) -> list[str] | None:
        """What env.py's version table holds, sorted; None where env.py runs no migrations.

        Like `alembic current`: nothing is written, as far as env.py itself writes nothing.
        """
        found: list[list[str]] = []

        def work(current: Any, context: Any) -> list[Any]:
            self._locate(context)
            found.append(_names(current))
            return []

        self._run_env(work, dont_mutate=True)
        return sorted(found[-1]) if found else None

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

    def _scripts(self) -> Any:
        """Alembic's own view of the tree; its files run when it is first asked."""
        from alembic.script import ScriptDirectory

        if self._script is None:
            self._script = ScriptDirectory.from_config(self._config())
        return self._script

    def _raw_steps(self, current: Sequence[str], target: str, down: bool) -> list[Any]:
        script = self._scripts()
        find = script._downgrade_revs if down else script._upgrade_revs
        return list(find(target, tuple(current)))

    def _run_env(self, work: Callable[..., Any], buffer: Any = None, **options: Any) -> None:
        from alembic.runtime.environment import EnvironmentContext

        with ExitStack() as stack:
            config = self._config(buffer)
            connection = stack.enter_context(self._connection())
            if connection is not None:
                config.attributes["connection"] = connection
            environment = EnvironmentContext(config, self._scripts(), fn=work, **options)
            self._guard(environment)
            stack.enter_context(environment)
            self._scripts().run_env()

    def _locate(self, context: Any) -> None:
        """Learn where env.py's session has its version table."""
        from sqlalchemy import text

        asked = {"name": context.version_table, "schema": context.version_table_schema}
        query = LOCATE.replace("%(schema)s", ":schema").replace("%(name)s", ":name")
        row = context.connection.execute(text(query), asked).fetchone()
        self.version_table = [row[1], row[0]] if row else [asked["name"], asked["schema"]]

    def _guard(self, environment: Any) -> None:
        """Put ourselves between env.py and `context.configure`."""
        configure = environment.configure

        def guarded(connection: Any = None, **options: Any) -> None:
            if connection is not None and not environment.is_offline_mode():
                self._check_identity(connection)
            # A revision is complete or not there, and those before it stay.
            options["transaction_per_migration"] = True
            configure(connection, **options)

        # Alembic's module `alembic.context` asks the instance; a subclass it would not find.
        environment.configure = guarded

    def _check_identity(self, connection: Any) -> None:
        from sqlalchemy import text

        in_transaction = connection.in_transaction()
        found = connection.execute(text(IDENTITY)).scalar()
        if not in_transaction and connection.in_transaction():
            connection.rollback()
        if found != self.setup["identity"]:
            raise OtherDatabase(str(found))

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        """A connection for env.py to take, where one can be had without an event loop."""
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        if self._driver() not in _LIBPQ:
            yield None
            return
        options = self.setup["libpq"]
        engine = create_engine(self._url(), poolclass=NullPool, connect_args=options)
        with engine.connect() as connection:
            yield connection

    def _driver(self) -> str:
        """The first of the wanted drivers that is there; nothing where none is."""
        return next(filter(find_spec, self.setup["drivers"]), "")

    def _url(self) -> Any:
        """The address in SQLAlchemy's form, for the driver that is there."""
        from sqlalchemy.engine import URL

        driver, options = self._driver(), self.setup["options"]
        query = {name: str(value) for name, value in options.items()} if driver in _LIBPQ else {}
        if driver == "asyncpg" and options.get("sslmode"):
            query = {"ssl": options["sslmode"]}  # by which file is in the environment
        return URL.create(
            f"postgresql+{driver}" if driver else "postgresql", **self.setup["login"], query=query
        )

    def _config(self, buffer: Any = None) -> Any:
        from alembic.config import Config

        given = {"toml_file": self.setup["toml"]} if self.setup["toml"] else {}
        config = Config(self.setup["ini"], output_buffer=buffer or io.StringIO(), **given)
        url = self._url().render_as_string(hide_password=False)
        config.set_main_option("script_location", self.setup["schema_dir"].replace("%", "%%"))
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
        return config


def _step(item: Any) -> Plain:
    revision = item.revision
    return {
        "revision": revision.revision,
        "file": revision.path,
        "message": revision.doc or "",
        "direction": "up" if item.is_upgrade else "down",
    }


def _names(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())
