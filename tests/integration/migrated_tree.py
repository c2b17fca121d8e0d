"""A tree of revisions in a stack's database, for migrations with a way back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .schema_server import INI, VERSIONED, revision, server_of, table, write_tree
from .stack import Stack, docker

INVALID = """SELECT indexrelid::regclass::text FROM pg_index
    WHERE NOT indisvalid AND indrelid::regclass::text ~ '^way_'"""


class Tree:
    """A tree at its first revision, in the stack's database, with three rows in its table."""

    def __init__(self, stack: Stack, directory: Path, name: str) -> None:
        self.stack, self.directory, self.name = stack, directory, name
        self.own: dict[str, Any] = {
            "schema_trees": [{"name": name, "directory": str(directory / "alembic")}]
        }
        (directory / "alembic.ini").parent.mkdir(parents=True, exist_ok=True)
        (directory / "alembic.ini").write_text(INI, encoding="utf-8")
        self.write("a1", None, table("way_a"))
        stack.up(**self.own)
        self.ask("INSERT INTO way_a SELECT generate_series(1, 3)")

    def write(self, id_: str, below: str | None, up: str) -> None:
        text = revision(id_, below, up.replace("way_", f"{self.name}_"))
        env = VERSIONED.replace("hand_", f"{self.name}_")
        write_tree(self.directory / "alembic", text, env=env)

    def ask(self, query: str) -> list[Any]:
        with server_of(self.stack).connect() as connection:
            found = connection.execute(query.replace("way_", f"{self.name}_").encode())
            return [row[0] for row in found] if found.description else []

    def now(self) -> tuple[list[Any], int, list[Any], list[Any]]:
        """The revision, the rows of before, the migration's tables, and invalid indexes."""
        return (
            self.ask("SELECT version_num FROM way_versions"),
            self.ask("SELECT count(*) FROM way_a")[0],
            self.ask("SELECT tablename FROM pg_tables WHERE tablename ~ '^way_[b-z]$'"),
            self.ask(INVALID),
        )

    def notes(self) -> list[tuple[str, str]]:
        """The snapshots of migrations, each with its state."""
        path = self.stack.infra / "migration.json"
        found = json.loads(path.read_text(encoding="utf-8"))["migrations"] if path.exists() else []
        return [(n["snapshot"], n["state"]) for n in found if n["tree"] == self.name]

    def snapshots(self) -> list[str]:
        label = f"label=groundwork.stack={self.stack.project}"
        found = docker("volume", "ls", "-q", "--filter", label).split()
        return sorted(name.partition("_snapshot_")[2] for name in found)
