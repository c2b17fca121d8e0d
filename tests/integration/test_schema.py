"""The schema against a real PostgreSQL: forward, back, and what must be refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations.migrate import Database, Report, Request, migrate

from .schema_server import (  # noqa: F401
    ENV,
    Server,
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

A = revision("aa01", None, table("users"), 'op.drop_table("users")', "Add users")
B = revision("bb02", "aa01", table("posts"), 'op.drop_table("posts")', "Add posts")
C = revision("cc03", "bb02", table("tags"), 'op.drop_table("tags")', "Add tags")


def test_from_nothing_to_head_then_what_is_new_then_nothing(
    directory: Path, database: Database
) -> None:
    first = bring(write_tree(directory, A, B), database)
    assert (first.before, first.after) == ([], ["bb02"])
    assert [(step.revision, step.message) for step in first.applied] == [
        ("aa01", "Add users"),
        ("bb02", "Add posts"),
    ]
    assert all(step.seconds > 0 and step.direction == "up" for step in first.applied)
    second = bring(write_tree(directory, C), database)
    assert (second.before, second.after) == (["bb02"], ["cc03"])
    assert [step.revision for step in second.applied] == ["cc03"]
    third = bring(directory, database)
    assert (third.before, third.after, third.applied) == (["cc03"], ["cc03"], [])
    assert tables(database) == ["alembic_version", "posts", "tags", "users"]


def test_nothing_to_do_does_not_import_alembic(directory: Path, database: Database) -> None:
    write_tree(directory, A)
    assert finish(start(directory, database)) == (["aa01"], [], ["aa01"], True)
    assert finish(start(directory, database)) == ([], ["aa01"], ["aa01"], False)


def test_a_database_ahead_is_refused(directory: Path, database: Database) -> None:
    bring(write_tree(directory, A, B), database)
    (directory / "versions" / "bb02.py").unlink()
    write_tree(directory, revision("dd04", "aa01", table("other")))
    for check in (False, True):
        with pytest.raises(GroundworkError) as caught:
            bring(directory, database, check=check)
        assert "is ahead: its revision bb02 is not in this checkout" in str(caught.value)
        assert "git pull" in str(caught.value)
    assert tables(database) == ["alembic_version", "posts", "users"]


def test_two_heads_are_refused_before_the_database_is_touched(
    directory: Path, database: Database
) -> None:
    write_tree(directory, A, B, revision("dd04", "aa01"))
    nowhere = Database("127.0.0.1", 1, "x", "x", "x")
    with pytest.raises(GroundworkError) as caught:
        bring(directory, nowhere)
    text = str(caught.value)
    assert "2 heads: bb02, dd04" in text
    assert str(directory / "versions" / "dd04.py") in text
    assert "alembic merge heads" in text
    # One of them by name is a choice that a person made.
    assert bring(directory, database, target="dd04").after == ["dd04"]


def test_a_failure_half_way_keeps_the_whole_revisions_and_names_the_rest(
    directory: Path, database: Database
) -> None:
    bad = table("half") + '\nop.execute("""\n  INSERT INTO nowhere\n  VALUES (1)""")'
    write_tree(directory, A, revision("bb02", "aa01", bad, message="Add half"), C)
    report = Report()
    with pytest.raises(GroundworkError) as caught:
        migrate(Request(schema_dir=directory), database, report)
    text = str(caught.value)
    assert 'Revision bb02 (Add half) could not be applied: relation "nowhere" does not' in text
    assert f"{directory / 'versions' / 'bb02.py'}:11" in text
    assert "INSERT INTO nowhere\n    VALUES (1)" in text
    assert "in this run: aa01. That stays." in text
    assert "Traceback" not in text
    assert ask(database, "SELECT version_num FROM alembic_version") == ["aa01"]
    assert tables(database) == ["alembic_version", "users"]
    assert (report.before, report.after) == ([], ["aa01"])
    assert [step.revision for step in report.applied] == ["aa01"]
    # Corrected, the next run goes on from there.
    write_tree(directory, B)
    assert bring(directory, database).after == ["cc03"]


@pytest.mark.parametrize(
    ("up", "message"),
    [
        ('raise RuntimeError("no more")', "RuntimeError: no more"),
        ('__import__("nowhere_to_be_found")', "No module named 'nowhere_to_be_found'"),
        ("raise SystemExit(3)", "it ended itself (exit 3)"),
        (
            "op.execute(\"CREATE ROLE x PASSWORD 's3cret' NONSENSE\")",
            "CREATE ROLE x PASSWORD '********' NONSENSE",
        ),
    ],
)
def test_any_error_of_a_revision_is_told_with_its_line(
    directory: Path, database: Database, up: str, message: str
) -> None:
    write_tree(directory, revision("aa01", None, up))
    with pytest.raises(GroundworkError) as caught:
        bring(directory, database)
    text = str(caught.value)
    assert message in text
    assert f"{directory / 'versions' / 'aa01.py'}:10" in text
    assert "s3cret" not in text
    assert tables(database) == []


def test_a_file_that_does_not_parse_is_named_with_its_line(
    directory: Path, database: Database
) -> None:
    broken = A.replace("def downgrade():", "def downgrade(:")
    write_tree(directory, broken)
    with pytest.raises(GroundworkError) as caught:
        bring(directory, database)
    line = broken.splitlines().index("def downgrade(:") + 1
    assert f"aa01.py:{line}" in str(caught.value)


def test_a_revision_that_is_worked_out_when_it_runs_is_applied_too(
    directory: Path, database: Database
) -> None:
    write_tree(directory, A)
    computed = B.replace("revision = 'bb02'", "revision = 'bb' + str('02')")
    (directory / "versions" / "computed.py").write_text(computed, encoding="utf-8")
    assert bring(directory, database).after == ["bb02"]
    assert bring(directory, database).applied == []


def test_a_parent_that_is_missing_is_told(directory: Path, database: Database) -> None:
    with pytest.raises(GroundworkError, match="stands on revision aa01, which no file holds"):
        bring(write_tree(directory, B), database)


def test_back_and_forth(directory: Path, database: Database) -> None:
    write_tree(directory, A, B, C)
    assert bring(directory, database, target="bb").after == ["bb02"]
    assert bring(directory, database, target="+1").after == ["cc03"]
    back = bring(directory, database, target="-1")
    assert (back.before, back.after) == (["cc03"], ["bb02"])
    assert [(step.revision, step.direction) for step in back.applied] == [("cc03", "down")]
    assert bring(directory, database, target="aa01").after == ["aa01"]
    assert tables(database) == ["alembic_version", "users"]
    assert bring(directory, database, target="head").after == ["cc03"]
    down = bring(directory, database, target="base")
    assert [step.revision for step in down.applied] == ["cc03", "bb02", "aa01"]
    assert down.after == []
    assert bring(directory, database, target="base").applied == []


@pytest.mark.parametrize("target", ["zz", "+9", "-9", "c", "nonsense@head"])
def test_a_target_that_is_not_there_is_refused(
    directory: Path, database: Database, target: str
) -> None:
    write_tree(directory, A, B, revision("cc03", "bb02"), revision("cc04", "cc03"))
    bring(directory, database, target="aa01")
    with pytest.raises(GroundworkError):
        bring(directory, database, target=target)
    assert ask(database, "SELECT version_num FROM alembic_version") == ["aa01"]


def test_a_check_lists_and_shows_the_sql_and_touches_nothing(
    directory: Path, database: Database
) -> None:
    report = bring(write_tree(directory, A, B), database, check=True, show_sql=True)
    assert [step.revision for step in report.pending] == ["aa01", "bb02"]
    assert (report.before, report.after, report.applied) == ([], ["bb02"], [])
    assert "CREATE TABLE users" in report.sql
    assert "CREATE TABLE posts" in report.sql
    assert tables(database) == []
    bring(directory, database)
    report = bring(directory, database, check=True, show_sql=True, target="-1")
    assert [(step.revision, step.direction) for step in report.pending] == [("bb02", "down")]
    assert "DROP TABLE posts" in report.sql
    assert "users" not in report.sql
    assert report.after == ["aa01"]
    assert tables(database) == ["alembic_version", "posts", "users"]


@pytest.mark.parametrize(
    "up",
    [
        'op.get_bind().execute(sa.text("SELECT 1")).scalar_one()',
        "import psycopg\nfrom alembic import context\n"
        'url = context.config.attributes["connection"].engine.url\n'
        "with psycopg.connect(host=url.host, port=url.port, user=url.username,\n"
        "        password=url.password, dbname=url.database) as own:\n"
        '    own.execute("CREATE TABLE sneaked_in ()")',
    ],
)
def test_a_check_says_where_the_sql_cannot_be_shown(
    directory: Path, database: Database, up: str
) -> None:
    write_tree(directory, A, revision("bb02", "aa01", up))
    report = bring(directory, database, check=True, show_sql=True)
    assert [step.revision for step in report.pending] == ["aa01", "bb02"]
    assert report.sql == ""
    assert "SQL can't be shown" in report.warnings[0]
    assert "bb02.py:" in report.warnings[0]
    assert tables(database) == []
    assert bring(directory, database).after == ["bb02"]


def test_what_a_tree_prints_stays_out_of_the_answer(
    directory: Path, database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    up = 'import os\nos.system("echo from a program")\nprint("a print")'
    noisy = ENV + '\nprint("url", config.get_main_option("sqlalchemy.url"))\n'
    report = bring(write_tree(directory, revision("aa01", None, up), env=noisy), database)
    assert "from a program" in report.output
    assert database.password not in report.output
    assert "from a program" not in capfd.readouterr().out


@pytest.mark.parametrize("whose", ["ROLE {role}", "DATABASE {name}"])
def test_a_search_path_that_the_server_keeps_is_followed(
    directory: Path, database: Database, server: Server, whose: str
) -> None:
    """Tables and version table are where the session looks, at each run; public is empty."""
    with server.new_role("s3cret word", database.database) as role:
        with server.connect(database.database) as connection:
            connection.execute(f"CREATE SCHEMA mine AUTHORIZATION {role}")
            owner = whose.format(role=role, name=database.database)
            connection.execute(f"ALTER {owner} SET search_path = mine")
        own = replace(database, user=role, password="s3cret word")
        assert bring(write_tree(directory, A), own).after == ["aa01"]
        assert bring(directory, own).applied == []
        assert bring(write_tree(directory, B), own).before == ["aa01"]
        assert tables(database) == []
        found = "SELECT tablename FROM pg_tables WHERE schemaname = 'mine' ORDER BY 1"
        assert ask(own, found) == ["alembic_version", "posts", "users"]
        assert bring(directory, own, target="base").after == []
