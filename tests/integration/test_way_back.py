"""Migrations with a way back: what fails or is killed half-way is undone by a snapshot."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.data import notes
from ansible.module_utils.groundwork.data.notes import Note

from .killed import Migrations, trial
from .migrated_tree import Tree
from .schema_server import table
from .stack import Stack, docker, family, kill, new_stack

TWICE = """\
op.create_table("way_b", sa.Column("id", sa.Integer))
op.execute("INSERT INTO way_b VALUES (1), (1)")
with op.get_context().autocommit_block():
    op.execute("CREATE UNIQUE INDEX CONCURRENTLY way_ux ON way_b (id)")
"""


BEFORE = (["a1"], 3, [], [])


@pytest.fixture(scope="module", name="home")
def home_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of PostgreSQL alone."""
    home = new_stack(tmp_path_factory.mktemp("way") / "work space", "groundwork-way", 15732)
    home.variables["stack_services"] = {"postgres": home.services["postgres"]}
    backend = {"path": "apps/backend/.env", "services": ["postgres"]}
    home.variables["env_files_apps"] = {"backend": backend}
    yield home
    home.destroy()


def test_what_fails_half_way_is_put_back(home: Stack, tmp_path: Path) -> None:
    tree = Tree(home, tmp_path / "an app", "way")
    assert tree.snapshots() == [], "the first migration has nothing to lose"
    tree.write(
        "b2", "a1", 'op.add_column("way_a", sa.Column("x", sa.Integer))\nraise KeyError("no")'
    )
    told = tree.stack.refuse(**tree.own)
    assert "KeyError" in told
    assert (tree.now(), tree.snapshots()) == (BEFORE, []), "a transaction undid it"

    tree.write("b2", "a1", TWICE)
    foreseen = tree.stack.play("dev", "--check", **tree.own)
    assert "snapshot  migration-b2 first, because revision b2" in foreseen.output
    assert tree.snapshots() == []
    told = tree.stack.refuse(**tree.own)
    assert "snapshot  migration-b2 first, because revision b2 uses autocommit_block" in told
    assert "could not create unique index" in told
    assert "postgres is as before the migration: the snapshot migration-b2 was put back" in told
    assert "has not been undone" not in told
    assert tree.now() == BEFORE
    assert tree.notes() == [("migration-b2", "restored")]

    tree.write("b2", "a1", TWICE.replace("(1), (1)", "(1), (2)"))
    made = tree.stack.up(**tree.own)
    assert tree.now() == (["b2"], 3, ["way_b"], [])
    assert (
        "back      ansible-playbook playbooks/restore.yml -e snapshot=migration-b2-2" in made.output
    )
    assert tree.notes() == [("migration-b2-2", "done")]
    assert tree.snapshots() == ["migration-b2-2"], "none needs the first one any more"
    assert tree.stack.up(**tree.own).idle

    tree.write("c3", "b2", table("way_c"))
    asked = {"schema_snapshot": "always", "schema_on_failure": "ask"}
    made = tree.stack.up("--tags", "schema", **tree.own, **asked)
    assert "migration-c3 first, because schema_snapshot is always" in made.output
    tree.write("d4", "c3", TWICE.replace("way_b", "way_d").replace("way_ux", "way_dx"))
    told = tree.stack.refuse(**tree.own, **asked)
    assert "Nothing was put back, since others may have written" in told
    assert (
        "Back to before the migration: ansible-playbook playbooks/restore.yml -e snapshot=" in told
    )
    assert tree.now() == (["c3"], 3, ["way_b", "way_c", "way_d"], ["way_dx"])
    assert ("migration-d4", "failed") in tree.notes()


def test_a_killed_migration_is_known_and_gone_on_with(home: Stack, tmp_path: Path) -> None:
    tree = Tree(home, tmp_path / "an app", "cut")
    slow = TWICE + 'op.execute("SELECT pg_sleep(60)")\n'
    tree.write("k2", "a1", slow.replace("(1), (1)", "(1), (2)"))
    run = tree.stack.start(**tree.own)
    deadline = time.monotonic() + 90
    while not tree.ask("SELECT pid FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'"):
        assert time.monotonic() < deadline and run.poll() is None, "it never came to its middle"
        time.sleep(0.1)
    kill(family(run.pid))
    run.wait()
    assert tree.notes() == [("migration-k2", "running")]
    assert tree.now()[0] == ["a1"]
    assert tree.now()[2] == ["cut_b"], "what was committed in its midst is there"

    tree.write("k2", "a1", TWICE.replace("(1), (1)", "(1), (2)"))
    told = tree.stack.refuse(**tree.own)
    assert "a run ended in the midst of a1 → k2" in told
    assert 'relation "cut_b" already exists' in told
    assert (tree.now(), tree.notes()) == (BEFORE, [("migration-k2", "restored")])
    tree.stack.up(**tree.own)
    assert tree.now() == (["k2"], 3, ["cut_b"], [])


def test_killed_at_random_it_is_as_before_or_done(home: Stack, tmp_path: Path) -> None:
    trial(Migrations(Tree(home, tmp_path / "an app", "kills")), 5, random.Random(5))


def test_a_database_that_a_run_makes_has_nothing_to_go_back_to(home: Stack, tmp_path: Path) -> None:
    tree = Tree(home, tmp_path / "an app", "anew")
    asked = r"(?m)^  ok +Save a snapshot where the migration needs one"
    lose_database(home)
    assert not re.search(asked, home.up("-v", **tree.own).output)

    note = Note("postgres", tree.name, "migration-a1", (), ("a1",), (), notes.RUNNING)
    volume = f"{home.project}_postgres_data"
    notes.keep(home.infra, replace(note, volume=volume), datetime.now(timezone.utc))
    lose_database(home)
    assert re.search(asked, home.up("-v", **tree.own).output)
    assert tree.notes() == [("migration-a1", "done")], "its database is lost, so it is over"


def lose_database(stack: Stack) -> None:
    container = stack.containers()["postgres"]["Id"]
    drop = "DROP DATABASE app WITH (FORCE)"
    docker("exec", container, "psql", "-XqU", "postgres", "-d", "postgres", "-c", drop)
