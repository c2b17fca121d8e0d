"""Which revisions a transaction doesn't undo: many shapes of files."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork.migrations.effects import Effects, effects_of

HEAD = """\
import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

revision = "5a02"
down_revision = "5a01"
"""


def found(tmp_path: Path, up: str, above: str = "", down: str = "pass") -> Effects:
    body = {name: "\n    ".join(code.splitlines()) for name, code in (("up", up), ("down", down))}
    path = tmp_path / "5a02.py"
    path.write_text(
        f"{HEAD}\n{above}\n\ndef upgrade():\n    {body['up']}\n\n\n"
        f"def downgrade():\n    {body['down']}\n",
        encoding="utf-8",
    )
    return effects_of("5a02", str(path))


PLAIN = [
    "pass",
    'op.create_table("a", sa.Column("id", sa.Integer, primary_key=True))',
    'op.add_column("a", sa.Column("b", sa.Text(), server_default="COMMIT"))',
    'op.create_index("ix", "a", ["b"])',
    'op.create_index("ix", "a", ["b"], postgresql_concurrently=False)',
    'op.drop_constraint("c", "a")\nop.drop_index("ix")',
    'op.alter_column("a", "b", nullable=True)',
    'op.execute("CREATE TABLE a (id int)")',
    'op.execute(text("ALTER TABLE a ADD COLUMN updated timestamptz"))',
    "op.execute(\"COMMENT ON TABLE a IS 'DELETE FROM a; COMMIT'\")",
    'op.execute("-- UPDATE a\\nCREATE EXTENSION IF NOT EXISTS vector")',
    'op.execute("ALTER TABLE a DROP CONSTRAINT c")',
    'op.execute("ALTER TABLE a ALTER COLUMN b DROP NOT NULL, ALTER COLUMN c DROP DEFAULT")',
    'op.execute("GRANT SELECT, UPDATE, DELETE ON a TO reader")',
    'op.execute("CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN UPDATE a SET b = 1; '
    'RETURN NEW; END $$ LANGUAGE plpgsql")',
    'op.execute("CREATE TRIGGER t BEFORE UPDATE ON a EXECUTE FUNCTION f()")',
    'rows = op.get_bind().execute(sa.select(sa.text("1"))).scalar()',
    'seen = {}\nseen.update(a=1)\nseen.pop("a")',
    'for name in ("a", "b"):\n    op.execute(f"CREATE INDEX ix_{name} ON {name} (id)")',
    'with op.batch_alter_table("a") as batch:\n    batch.add_column(sa.Column("x", sa.Text))',
    'op.execute(sa.schema.CreateSequence(sa.Sequence("s")))',
    'print("drop_table")',
]


@pytest.mark.parametrize("up", PLAIN)
def test_what_a_transaction_undoes_has_no_effects(tmp_path: Path, up: str) -> None:
    assert found(tmp_path, up).reasons == ()


OUTSIDE = {
    'with op.get_context().autocommit_block():\n    op.execute("VACUUM a")': "autocommit_block",
    "c = op.get_context()\nwith c.autocommit_block():\n    pass": "autocommit_block",
    'op.execute("COMMIT")': "commits by itself",
    'op.execute("  commit; BEGIN")': "commits by itself",
    'op.execute("CREATE TABLE a (id int); COMMIT; DROP VIEW v")': "commits by itself",
    'op.get_bind().execute(text("END"))': "commits by itself",
    "op.get_bind().commit()": "commits by itself",
    'op.get_bind().connection.cursor().execute("COMMIT")': "commits by itself",
    'op.execute("DO $$ BEGIN UPDATE a SET b = 1; COMMIT; END $$")': "commits by itself",
    'op.execute("CREATE INDEX CONCURRENTLY ix ON a (b)")': "CONCURRENTLY",
    'op.execute(text("drop index concurrently if exists ix"))': "CONCURRENTLY",
    'op.create_index("ix", "a", ["b"], postgresql_concurrently=True)': "CONCURRENTLY",
    'with op.get_bind().execution_options(isolation_level="AUTOCOMMIT"):\n    pass': "AUTOCOMMIT",
    'with sa.create_engine("x").begin() as c:\n    c.execute(text("SELECT 1"))': "of its own",
    "with op.get_bind().engine.connect() as c:\n    pass": "of its own",
    "op.execute(read_it())": "doesn't show",
    'op.execute(open("x.sql").read())': "doesn't show",
    'op.execute(f"{verb} a")': "doesn't show",
    'eval("op.x()")': "doesn't show",
    'op.execute("EXECUTE prepared")': "doesn't show",
}


@pytest.mark.parametrize(("up", "word"), OUTSIDE.items())
def test_what_stays_where_the_revision_fails(tmp_path: Path, up: str, word: str) -> None:
    effects = found(tmp_path, up)
    assert any(word in each for each in effects.outside), effects


LASTING = {
    'op.execute("UPDATE a SET b = 1")': "changes rows (UPDATE)",
    'op.execute(text("\\n  delete from a"))': "changes rows (DELETE)",
    'op.execute(sa.text("INSERT INTO a VALUES (:b)").bindparams(b=1))': "changes rows (INSERT)",
    'op.execute("UPDATE a " + "SET b = 1")': "changes rows (UPDATE)",
    'op.execute("DELETE FROM %s" % name)': "changes rows (DELETE)",
    'op.execute("DELETE FROM {}".format(name))': "changes rows (DELETE)",
    'for t in ("a", "b"):\n    op.execute(f"DELETE FROM {t}")': "changes rows (DELETE)",
    'for s in ["CREATE TABLE a (b int)", "TRUNCATE a"]:\n    op.execute(s)': "rows (TRUNCATE)",
    'sql = "UPDATE a SET b = 1"\nop.execute(sql)': "changes rows (UPDATE)",
    'op.execute("WITH x AS (SELECT 1) INSERT INTO a SELECT * FROM x")': "changes rows (INSERT)",
    'op.execute("DO $$ BEGIN DELETE FROM a; END $$")': "changes rows (DELETE)",
    'op.execute("/* why */ MERGE INTO a USING b ON true WHEN MATCHED THEN DO NOTHING")': "MERGE",
    'op.execute(sqltext="DELETE FROM a")': "changes rows (DELETE)",
    't = sa.table("a")\nop.execute(t.update().values(b=1))': "changes rows (UPDATE)",
    'op.get_bind().execute(sa.delete(sa.table("a")))': "changes rows (DELETE)",
    't = sa.table("a")\ns = t.insert().values(b=1)\nop.get_bind().execute(s)': "rows (INSERT)",
    'op.bulk_insert(sa.table("a"), [{"b": 1}])': "changes rows (bulk_insert)",
    "session = sa.orm.Session(bind=op.get_bind())": "changes rows (a session)",
    'op.drop_table("a")': "drops a table",
    'op.drop_column("a", "b")': "drops a column",
    'with op.batch_alter_table("a") as batch:\n    batch.drop_column("b")': "drops a column",
    'op.execute("DROP TABLE a")': "drops a table",
    'op.execute("ALTER TABLE a DROP COLUMN b")': "drops a column",
    'op.execute("ALTER TABLE a ADD c int, DROP b")': "drops data",
    'op.execute("DROP SCHEMA s CASCADE")': "drops a schema",
    'op.execute("DROP EXTENSION hstore CASCADE")': "drops data",
    'op.alter_column("a", "b", type_=sa.Integer, postgresql_using="b::int")': "converts a column",
    'op.execute("ALTER TABLE a ALTER b TYPE int USING b::int")': "converts a column",
}


@pytest.mark.parametrize(("up", "word"), LASTING.items())
def test_what_nobody_takes_back_once_it_is_through(tmp_path: Path, up: str, word: str) -> None:
    effects = found(tmp_path, up)
    assert any(word in each for each in effects.lasting), effects
    assert effects.outside == ()


def test_a_helper_of_the_file_is_followed_with_what_it_gets(tmp_path: Path) -> None:
    above = "def run(sql):\n    op.execute(text(sql))\n"
    assert found(tmp_path, 'run("CREATE TABLE a (b int)")', above).reasons == ()
    assert found(tmp_path, 'run("DELETE FROM a")', above).reasons == ("changes rows (DELETE)",)
    unused = "def never():\n    op.drop_table('a')\n"
    assert found(tmp_path, "pass", unused).reasons == ()
    given = "def sql():\n    return 'DELETE FROM a'\n"
    assert found(tmp_path, "op.execute(sql())", given).reasons == ("changes rows (DELETE)",)


def test_constants_of_the_file_count(tmp_path: Path) -> None:
    above = 'FIRST = "CREATE TABLE a (b int)"\nALL = [FIRST, "UPDATE a SET b = 1"]\n'
    assert found(tmp_path, "op.execute(FIRST)", above).reasons == ()
    loop = "for each in ALL:\n    op.execute(each)"
    assert found(tmp_path, loop, above).lasting == ("changes rows (UPDATE)",)


def test_a_helper_of_another_file_counts_where_it_may_act(tmp_path: Path) -> None:
    above = "from app.db import fill, Kind\n"
    assert found(tmp_path, "fill()", above).outside == ("calls fill of another file",)
    assert found(tmp_path, "rows = fill(op.get_bind())", above).outside
    column = 'op.add_column("a", sa.Column("k", Kind(length=3)))'
    assert found(tmp_path, column, above).reasons == ()


def test_the_way_down_is_its_own(tmp_path: Path) -> None:
    up = found(tmp_path, 'op.create_table("a")', down='op.drop_table("a")')
    assert up.reasons == ()
    down = effects_of("5a02", str(tmp_path / "5a02.py"), down=True)
    assert str(down) == "revision 5a02 drops a table"


@pytest.mark.parametrize("text", ["def upgrade(:", "upgrade = other", "x = '\udcff'"])
def test_a_file_that_cannot_be_read_is_any(tmp_path: Path, text: str) -> None:
    path = tmp_path / "5a02.py"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert effects_of("5a02", str(path)).outside


def test_a_file_that_is_not_there_is_any(tmp_path: Path) -> None:
    assert effects_of("5a02", str(tmp_path / "none.py")).outside == ("can't be read",)
