"""playbooks/schema.yml: what it shows, migrates and writes down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .schema_server import INI, VERSIONED, revision, server_of, table, write_tree
from .stack import Stack


@pytest.fixture(name="own")
def own_fixture(stack: Stack, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A tree of two revisions, at its head, in the stack's database."""
    first = revision("ab01", None, table("hand_a"), 'op.drop_table("hand_a")', "First")
    second = revision("ab02", "ab01", table("hand_b"), 'op.drop_table("hand_b")', "Second")
    write_tree(tmp_path / "alembic", first, second, env=VERSIONED)
    (tmp_path / "alembic.ini").write_text(INI)
    own = {"schema_trees": [{"name": "hand", "directory": str(tmp_path / "alembic")}]}
    stack.up(**own)
    yield own
    with server_of(stack).connect() as connection:
        connection.execute("DROP TABLE IF EXISTS hand_a, hand_b, hand_versions")


def tables(stack: Stack) -> list[str]:
    with server_of(stack).connect() as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE tablename ~ '^hand_[ab]$' ORDER BY 1"
        )
        return [row[0] for row in rows]


def test_without_options_it_shows_and_with_a_target_it_migrates(
    stack: Stack, own: dict[str, Any]
) -> None:
    before = stack.started_at()
    shown = stack.play("schema", **own)
    assert shown.code == 0 and shown.changed == 0, shown.output
    assert "  history   ab02  Second  current\n            ab01  First\n" in shown.output
    down = stack.play("schema", schema_target="-1", **own)
    assert "down      ab02  Second" in down.output and down.code == 0, down.output
    assert tables(stack) == ["hand_a"]
    pending = stack.play("schema", **own).output
    assert "  current   ab01\n  head      ab02\n  pending   1 revision\n" in pending
    assert "ab02  Second  pending" in pending
    foreseen = stack.play("schema", "--check", schema_target="+1", **own)
    assert "would     Migrate the database" in foreseen.output
    assert tables(stack) == ["hand_a"]
    up = stack.play("schema", schema_target="head", **own)
    assert "up        ab02  Second" in up.output, up.output
    assert stack.play("schema", schema_target="head", **own).changed == 0
    assert stack.started_at() == before


def test_a_stamp_writes_down_and_runs_nothing(stack: Stack, own: dict[str, Any]) -> None:
    with server_of(stack).connect() as connection:
        connection.execute("UPDATE hand_versions SET version_num = 'gone'")
    assert "ahead" in stack.refuse(playbook="schema", schema_target="head", **own)
    foreseen = stack.play("schema", "--check", schema_stamp="ab01", **own)
    assert "stamp     gone → ab01" in foreseen.output, foreseen.output
    assert "current   gone" in stack.play("schema", **own).output
    done = stack.play("schema", schema_stamp="ab01", **own)
    assert done.code == 0 and "stamp     gone → ab01" in done.output, done.output
    assert tables(stack) == ["hand_a", "hand_b"]
    assert stack.play("schema", schema_stamp="ab01", **own).changed == 0
    with server_of(stack).connect() as connection:
        connection.execute("DROP TABLE hand_versions")  # a dump without it
    assert "stamp     base → ab02" in stack.play("schema", schema_stamp="head", **own).output
    assert "nothing, up to date" in stack.up(**own).output


def test_what_is_mistyped_changes_nothing(stack: Stack, own: dict[str, Any]) -> None:
    told = stack.refuse(playbook="schema", schema_stamp="ab99", **own)
    assert "There is no revision 'ab99'" in told
    told = stack.refuse(playbook="schema", schema_target="ab99", **own)
    assert "There is no revision 'ab99'" in told
    told = stack.refuse(playbook="schema", schema_tree="hnad", **own)
    assert "Did you mean 'hand'?" in told
    told = stack.refuse(playbook="schema", schema_target="-1", schema_stamp="ab01", **own)
    assert "Both schema_target (-1) and schema_stamp (ab01) are given" in told
    assert "ab02  Second  current" in stack.play("schema", **own).output
