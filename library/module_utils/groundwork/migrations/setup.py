"""A tree of the inventory as a machine has it: where its parts are, and what runs it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..config import App, SchemaTree
from ..records import Record
from .interpreter import Interpreter


@dataclass(frozen=True)
class SchemaSetup(Record):
    """A tree, and the service and database that it is for. Paths are that machine's.

    `directory` is the one that it runs in, where the inventory says so; `python` the interpreter or
    command, empty for our own; `start_directory` where that is started; `env_file` the app's, whose
    lines are exported; `user` owns the database, and `secret` is its password's variable in
    infra/.env; `version_table_file`: see `migrate.Request`. `seed` is a command that fills the
    database, `seed_file` a file of SQL that does.
    """

    name: str = ""
    service: str = ""
    database: str = ""
    schema_dir: str = ""
    alembic_ini: str = ""
    directory: str = ""
    version_table_file: str = ""
    python: tuple[str, ...] = ()
    start_directory: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    env_file: str = ""
    run_on: str = "target"
    user: str = ""
    secret: str = ""
    url_variable: str = ""
    seed: tuple[str, ...] = ()
    seed_file: str = ""

    def paths(self) -> tuple[Path, Path | None, Path | None, Path | None]:
        """schema_dir, alembic_ini, directory and version_table_file, as this machine
        reads them."""
        ini, directory, memory = (
            _expanded(name) if name else None
            for name in (self.alembic_ini, self.directory, self.version_table_file)
        )
        return _expanded(self.schema_dir), ini, directory, memory

    def interpreter(self, limit: float = 0) -> Interpreter | None:
        """The app's Python; None for our own. A directory is taken for a virtual environment."""
        if not self.python:
            return None
        first, *more = self.python
        if os.sep in first:
            path = _expanded(first)
            first = str(path / "bin" / "python" if path.is_dir() else path)
        return Interpreter((first, *more), Path(self.start_directory), limit, self.name)


def _expanded(path: str) -> Path:
    return Path(os.path.expandvars(path)).expanduser()


def setup_of(
    tree: SchemaTree, apps: Mapping[str, App], workspace: str, stack_dir: str, sent: str = ""
) -> SchemaSetup:
    """Where a tree is on a machine with that workspace.

    `sent`: the directory that a tree was sent to as a whole, where it isn't in the workspace.
    """
    base = PurePosixPath(workspace)

    def there(path: str) -> str:
        return str(base / PurePosixPath(path)) if path and not path.startswith("~") else path

    named = f"-{tree.name}" if tree.name else ""
    working = there(tree.working_directory)
    first, *more = tree.python or ("",)
    return SchemaSetup(
        name=tree.name,
        service=tree.service,
        database=tree.database,
        schema_dir=sent or there(tree.directory),
        alembic_ini="" if sent else there(tree.alembic_ini),
        directory="" if sent else working,
        version_table_file=f"{stack_dir}/.version-table{named}.json",
        python=((there(first) if "/" in first else first), *more) if first else (),
        start_directory=working or workspace,
        environment=tree.environment,
        env_file=there(apps[tree.env_app].path) if tree.env_app else "",
        run_on=tree.run_on,
        user=tree.user,
        secret=tree.secret,
        url_variable=tree.url_variable,
        seed=tree.seed,
        seed_file=there(tree.seed_file),
    )
