"""Several sessions at once: who waits for whom, for how long, and what it is told."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations import lock
from ansible.module_utils.groundwork.migrations.migrate import Database, Report, Request, migrate

from .schema_server import (  # noqa: F401
    ask,
    bring,
    database_fixture,
    directory_fixture,
    finish,
    revision,
    server_fixture,
    start,
    table,
    tables,
    write_tree,
)

A = revision("aa01", None, table("users"))
INDEX = 'op.create_index("users_id", "users", ["id"], postgresql_concurrently=True)'
SLEEP = 'op.execute("SELECT pg_sleep({})")'
CONCURRENT = f"with op.get_context().autocommit_block():\n    {INDEX}"


def test_two_migrations_at_once_both_succeed_and_each_revision_is_applied_once(
    directory: Path, database: Database
) -> None:
    slow = f"{table('posts')}\n{SLEEP.format(1)}"
    write_tree(directory, A, revision("bb02", "aa01", slow))
    processes = [start(directory, database), start(directory, database)]
    results = [finish(process) for process in processes]
    assert sorted(len(applied) for applied, *_ in results) == [0, 2]
    assert all(after == ["bb02"] for _, _, after, _ in results)


def test_a_lock_that_is_held_ends_the_wait_and_its_holder_is_named(
    directory: Path, database: Database
) -> None:
    write_tree(directory, A)
    with lock.hold(database, 1):
        holder = ask(database, "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted")
        with pytest.raises(GroundworkError) as caught:
            bring(directory, database, lock_wait=0.2)
        # A check waits for nobody.
        assert len(bring(directory, database, check=True).pending) == 1
    text = str(caught.value)
    assert "Another migration of this database is under way" in text
    assert f"process {holder[0]} (groundwork-migrate, user {database.user}," in text
    assert "connected since 2" in text
    assert tables(database) == []
    assert bring(directory, database, lock_wait=0).after == ["aa01"]


def test_the_lock_is_waited_for(directory: Path, database: Database) -> None:
    write_tree(directory, A)
    with lock.hold(database, 1):
        process = start(directory, database)
        waiting = "query LIKE '%try_advisory%' AND application_name = 'groundwork-migrate'"
        wait_for(database, f"SELECT count(*) > 1 FROM pg_stat_activity WHERE {waiting}")
        assert process.poll() is None
    assert finish(process)[0] == ["aa01"]


def test_a_migration_that_dies_frees_its_locks_and_leaves_no_half(
    directory: Path, database: Database
) -> None:
    write_tree(directory, revision("aa01", None, f"{table('users')}\n{SLEEP.format(300)}"))
    process = start(directory, database)
    asleep = "FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(300)'"
    wait_for(database, f"SELECT count(*) = 1 {asleep}")
    process.kill()
    process.communicate()
    # A server that is busy doesn't look whether its client lives, unless it is told to.
    wait_for(database, f"SELECT count(*) = 0 {asleep}")
    write_tree(directory, A)
    assert bring(directory, database, lock_wait=10).after == ["aa01"]


def test_a_table_that_is_locked_ends_the_wait_and_its_holder_is_named(
    directory: Path, database: Database
) -> None:
    bring(write_tree(directory, A), database)
    write_tree(
        directory,
        revision("bb02", "aa01", table("posts")),
        revision("cc03", "bb02", 'op.add_column("users", sa.Column("name", sa.Text))'),
    )
    with database.connect() as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM users")
        report = Report()
        with pytest.raises(GroundworkError) as caught:
            migrate(Request(schema_dir=directory, lock_timeout=0.2), database, report)
        text = str(caught.value)
        assert "Revision cc03" in text
        assert "lock timeout" in text
        assert "ALTER TABLE users ADD COLUMN name TEXT" in text
        assert f"process {other.info.backend_pid} (" in text
        assert "holds AccessShareLock on users, idle in transaction" in text
    assert report.after == ["bb02"]
    assert [step.revision for step in report.applied] == ["bb02"]
    assert bring(directory, database).after == ["cc03"]


def test_an_index_is_built_concurrently_while_others_wait_for_the_lock(
    directory: Path, database: Database
) -> None:
    bring(write_tree(directory, A), database)
    write_tree(directory, revision("bb02", "aa01", f"{SLEEP.format(0.5)}\n{CONCURRENT}"))
    processes = [start(directory, database), start(directory, database)]
    results = [finish(process) for process in processes]
    assert sorted(len(applied) for applied, *_ in results) == [0, 1]
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_id'::regclass"
    assert ask(database, valid) == [True]


def test_an_index_that_failed_to_build_is_pointed_out(directory: Path, database: Database) -> None:
    twice = 'op.execute("CREATE TABLE users AS SELECT 1 AS id FROM generate_series(1, 2)")'
    bring(write_tree(directory, revision("aa01", None, twice)), database)
    unique = CONCURRENT.replace('["id"]', '["id"], unique=True')
    write_tree(directory, revision("bb02", "aa01", unique))
    report = Report()
    with pytest.raises(GroundworkError) as caught:
        migrate(Request(schema_dir=directory), database, report)
    assert "Detail: Key (id)=(1) is duplicated." in str(caught.value)
    assert "autocommit_block before it failed has not been undone" in str(caught.value)
    assert report.after == ["aa01"]
    assert "The index users_id on users is invalid" in report.warnings[0]


def wait_for(database: Database, query: str) -> None:
    """Until a query says true; 30 s at most."""
    deadline = time.monotonic() + 30
    while ask(database, query) != [True]:
        assert time.monotonic() < deadline, query
        time.sleep(0.05)
