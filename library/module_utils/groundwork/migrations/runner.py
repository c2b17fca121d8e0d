"""A tree brought to a revision: in this process, or by the app's own interpreter.

What runs the tree is `alembic_run` either way. Alembic and SQLAlchemy are imported there only.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..environment import POSTGRES_FILES, lent
from . import foreign
from .alembic_run import IDENTITY, AlembicRun, Listener
from .database import Database
from .interpreter import Interpreter
from .layout import Layout
from .output import captured
from .tree import Revision, Step, Tree, misfits
from .version_table import VersionTable

if TYPE_CHECKING:
    from .alembic_run import Plain

_DRIVERS = ("psycopg2", "psycopg", "asyncpg", "pg8000")
# What an env.py that needs an event loop's driver has in its text
_ASYNCHRONOUS = ("create_async_engine", "async_engine_from_config", "AsyncEngine")


class _Run(Protocol):
    """What `AlembicRun` and `ForeignRun` have in common."""

    running: Plain | None
    version_table: list[str | None] | None

    def revisions(self) -> list[Plain]: ...
    def steps(self, current: Sequence[str], target: str, down: bool) -> list[Plain]: ...
    def current(self) -> list[str] | None: ...
    def sql(self, current: Sequence[str], target: str, down: bool) -> str: ...
    def run(self, target: str, listener: Listener) -> None: ...


class Follower:
    """Who follows a run: as `alembic_run.Listener`, with typed values."""

    def decide(self, current: list[str]) -> tuple[str, bool]:
        """See `Listener`."""
        raise NotImplementedError

    def planned(self, steps: list[Step]) -> None:
        """These will be run."""

    def done(self, step: Step) -> None:
        """This one is committed."""


class AlembicTree:
    """One tree and one database. Use it inside of `opened()`, where the tree's code may run.

    `interpreter` None runs it in this process. `scheme` is that of the apps' URLs, `variables`
    what the tree's code finds in its environment besides.
    """

    def __init__(
        self,
        layout: Layout,
        database: Database,
        interpreter: Interpreter | None = None,
        scheme: str = "",
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.layout = layout
        self.database = database
        self.interpreter = interpreter
        self.identity = ""  # of the inventory's database, as `IDENTITY` tells it
        self.output = ""  # what the tree printed, once it is closed
        self._scheme = scheme
        self._variables = dict(variables or {})
        self._run: _Run | None = None

    @property
    def python(self) -> str:
        """Which Python runs the tree."""
        return str(self.interpreter or sys.executable)

    @contextmanager
    def opened(self, settings: Mapping[str, str]) -> Iterator[None]:
        """Where the tree's code runs: its directory; new connections get PostgreSQL's
        `settings`."""
        with self.database.connect() as own:
            row = own.execute(IDENTITY.encode()).fetchone()
            self.identity = str(row[0]) if row else ""
        setup = self._setup()
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        # For an env.py that asks the environment, and a migration that has its own connection
        variables = {**self.database.variables(), "PGOPTIONS": options, **self._variables}
        if self.interpreter is None:
            run = self._run = AlembicRun(setup)
            try:
                with captured() as printed, lent(variables), run.opened(settings):
                    yield
            finally:
                self.output = self.database.masked(printed.text)
            return
        directories = [str(each) for each in project_directories(self.layout)]
        given = {"setup": setup, "settings": dict(settings), "directories": directories}
        with foreign.opened(self.interpreter, given, variables, self._printed) as self._run:
            yield

    def _printed(self, text: str) -> None:
        self.output = self.database.masked(text)

    def _setup(self) -> dict[str, Any]:
        layout, database = self.layout, self.database
        return {
            "schema_dir": str(layout.schema_dir),
            "ini": str(layout.ini) if layout.ini else None,
            "toml": str(layout.toml) if layout.toml else None,
            "directory": str(layout.directory),
            "package_root": str(layout.package_root or ""),
            "drivers": self._drivers(),
            "login": database.login(),
            "options": database.options(),
            "libpq": POSTGRES_FILES,
            "identity": self.identity,
        }

    def _drivers(self) -> list[str]:
        """By which the database may be reached, the likeliest first; in this process, ours."""
        if self.interpreter is None:
            return ["psycopg"]
        text = (self.layout.schema_dir / "env.py").read_text(encoding="utf-8", errors="replace")
        given = [name] if (name := self._scheme.partition("+")[2]) else []
        if any(word in text for word in _ASYNCHRONOUS):
            given += ["asyncpg", "psycopg"]
        elif "async" not in text:  # an app's own driver, and no good to an env.py without a loop
            given = [name for name in given if name != "asyncpg"]
        return list(dict.fromkeys([*given, *_DRIVERS]))

    @property
    def running(self) -> Step | None:
        """The step that is under way, or that failed."""
        found = self._run.running if self._run else None
        return Step(**found) if found else None

    @property
    def version_table(self) -> VersionTable | None:
        """env.py's, once that has run."""
        found = self._run.version_table if self._run else None
        return VersionTable(str(found[0]), found[1]) if found else None

    def tree(self) -> Tree:
        """The tree as its files say when they run, for those that can't be read otherwise."""
        found = tuple(
            Revision(
                item["id"],
                tuple(item["parents"]),
                tuple(item["depends_on"]),
                tuple(item["labels"]),
                item["file"],
                item["message"],
            )
            for item in self._open.revisions()
        )
        return Tree(str(self.layout.schema_dir), found, misfits(found))

    def steps(self, current: Sequence[str], target: str, down: bool) -> list[Step]:
        """What Alembic would do to bring `current` to `target`, in order."""
        return [Step(**item) for item in self._open.steps(current, target, down)]

    def run(self, target: str, follower: Follower) -> None:
        """Run env.py and the migrations up to `target`.

        Whatever env.py or a migration raises passes through (from another interpreter as
        `foreign.TreeFailed`); `running` is the step it was.
        """
        self._open.run(target, _Typed(follower))

    def current(self) -> list[str] | None:
        """What env.py's version table holds, sorted; None where env.py runs no migrations."""
        return self._open.current()

    def sql(self, current: Sequence[str], target: str, down: bool) -> str:
        """The statements of `run`, without running them; what env.py raises passes through."""
        return self._open.sql(current, target, down)

    @property
    def _open(self) -> _Run:
        assert self._run
        return self._run


class _Typed(Listener):
    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    def decide(self, current: list[str]) -> tuple[str, bool]:
        return self._follower.decide(current)

    def planned(self, steps: list[Plain]) -> None:
        self._follower.planned([Step(**step) for step in steps])

    def done(self, step: Plain) -> None:
        self._follower.done(Step(**step))


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
