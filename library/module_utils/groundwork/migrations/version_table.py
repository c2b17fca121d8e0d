"""Which table of a database holds a tree's revisions.

env.py decides: `context.configure(version_table=..., version_table_schema=...)`, and the schemas
that its connection looks in. To run it for each look would cost a second and the app's own imports,
so it is read from the file where it stands there for all to see. Where a run of env.py finds it
elsewhere, that is remembered, in a small file beside the stack, as long as the tree's files stay as
they are.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .layout import Layout

# What an env.py that chooses the schema by itself has in its text
_CHOOSES = ("search_path", "schema_translate_map", "default_schema_name")


@dataclass(frozen=True)
class VersionTable:
    """A version table. Without a schema it is where the session's search_path finds it."""

    name: str = "alembic_version"
    schema: str | None = None

    def as_parameters(self) -> dict[str, str | None]:
        """For `LOCATE`."""
        return {"schema": self.schema, "name": self.name}

    def __str__(self) -> str:
        """As a person would write it."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


DEFAULT_TABLE = VersionTable()


@dataclass(frozen=True)
class Memory:
    """What is known of one tree's version table in one database; `file` None remembers nothing."""

    layout: Layout
    database: str
    file: Path | None = None

    def table(self) -> VersionTable | None:
        """Where the table is: as remembered, else as env.py says. None: env.py has to run first."""
        return self._remembered() or stated(self.layout.schema_dir / "env.py")

    def keep(self, found: VersionTable, expected: VersionTable | None) -> None:
        """Remember where env.py has its table (`found`), unless that is where one would look.

        `expected` is what `stated` comes to in the database. Raises OSError.
        """
        if self.file is None:
            return
        if found == expected:
            self.file.unlink(missing_ok=True)
        elif found != self._remembered():
            note = {"tree": self._digest(), "table": found.name, "schema": found.schema}
            self.file.write_text(f"{json.dumps(note)}\n", encoding="utf-8")

    def _remembered(self) -> VersionTable | None:
        try:
            note = json.loads(self.file.read_text(encoding="utf-8")) if self.file else {}
            if note and note["tree"] == self._digest():
                return VersionTable(str(note["table"]), note["schema"] and str(note["schema"]))
        except (OSError, ValueError, KeyError, TypeError):  # none, or one that somebody edited
            pass
        return None

    def _digest(self) -> str:
        """Changes with what may decide on the table: the tree's own code, its settings."""
        layout = self.layout
        total = hashlib.sha256(self.database.encode())
        files = [*sorted(layout.schema_dir.glob("*.py")), layout.ini, layout.toml]
        for path in files:
            total.update(b"\0" + (path.read_bytes() if path and path.is_file() else b""))
        return total.hexdigest()


def stated(env: Path) -> VersionTable | None:
    """The table that an env.py names in plain words; None where that can't be told for sure."""
    try:
        text = env.read_text(encoding="utf-8")
        module = ast.parse(text)
    except (OSError, ValueError, SyntaxError, RecursionError):
        return None
    if any(word in text for word in _CHOOSES):
        return None
    found: set[VersionTable] = set()
    for call in _online_calls(module):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        if None in given:  # **options
            return None
        try:
            name = _value(module, given.get("version_table"))
            schema = _value(module, given.get("version_table_schema"))
        except ValueError:
            return None
        found.add(VersionTable(name or DEFAULT_TABLE.name, schema))
    return found.pop() if len(found) == 1 else None


def _online_calls(module: ast.Module) -> Iterator[ast.Call]:
    """The calls of `context.configure` that hand over a connection."""
    names = {"alembic.context.configure"}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                path = f"{node.module}.{alias.name}"
                if path == "alembic.context":
                    names.add(f"{alias.asname or alias.name}.configure")
                elif path == "alembic.context.configure":
                    names.add(alias.asname or alias.name)
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
            keywords = [keyword.arg for keyword in node.keywords]
            if node.args or "connection" in keywords or None in keywords:
                yield node


def _value(module: ast.Module, node: ast.expr | None) -> str | None:
    """What an argument is: a literal, or a name that the module gives one literal and no other.

    Raises ValueError where it is anything else.
    """
    if node is None:
        return None
    if isinstance(node, ast.Name):
        stores = [
            each
            for each in ast.walk(module)
            if isinstance(each, ast.Name) and each.id == node.id and isinstance(each.ctx, ast.Store)
        ]
        values = [
            each.value
            for each in module.body
            if isinstance(each, ast.Assign | ast.AnnAssign)
            for target in (each.targets if isinstance(each, ast.Assign) else [each.target])
            if isinstance(target, ast.Name) and target.id == node.id
        ]
        shadowed = any(
            isinstance(each, ast.arg) and each.arg == node.id for each in ast.walk(module)
        )
        if len(stores) != 1 or len(values) != 1 or shadowed:
            raise ValueError(f"{node.id} is worked out")
        node = values[0]
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str)):
        return node.value
    raise ValueError("it is worked out")
