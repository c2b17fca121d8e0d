"""Which table holds a tree's revisions: read from env.py where it says so, else remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork.migrations.layout import find_layout
from ansible.module_utils.groundwork.migrations.version_table import (
    DEFAULT_TABLE,
    Memory,
    VersionTable,
    stated,
)

IMPORT = "from alembic import context\n"


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("context.configure(connection=c)", DEFAULT_TABLE),
        ("context.configure(c, version_table='mine')", VersionTable("mine")),
        (
            "context.configure(connection=c, version_table='mine', version_table_schema='shop')",
            VersionTable("mine", "shop"),
        ),
        (
            "TABLE = 'mine'\ndef run(c):\n    context.configure(connection=c, version_table=TABLE)",
            VersionTable("mine"),
        ),
        (
            "context.configure(url=u)\ncontext.configure(connection=c, version_table='mine')",
            VersionTable("mine"),
        ),
        (
            "import alembic\nalembic.context.configure(connection=c, version_table_schema='s')",
            VersionTable(schema="s"),
        ),
        # What isn't there for all to see
        ("context.configure(connection=c, **options)", None),
        ("context.configure(connection=c, version_table=settings.TABLE)", None),
        ("context.configure(connection=c, version_table=f'{app}_versions')", None),
        ("T = 'a'\nT = 'b'\ncontext.configure(connection=c, version_table=T)", None),
        ("T = 'a'\ndef run(T):\n    context.configure(connection=c, version_table=T)", None),
        ("context.configure(c)\ncontext.configure(c, version_table='mine')", None),
        ("c.execute('SET search_path TO tenant')\ncontext.configure(connection=c)", None),
        ("from app.migrations import run\nrun()", None),
        ("app.configure(connection=c, version_table='no')", None),
        ("context.configure(url=u)", None),
        ("<<<<<<< HEAD", None),
    ],
)
def test_what_an_env_py_says(tmp_path: Path, text: str, table: VersionTable | None) -> None:
    (tmp_path / "env.py").write_text(IMPORT + text, encoding="utf-8")
    assert stated(tmp_path / "env.py") == table


def test_alembics_own_templates_say_it() -> None:
    import alembic

    templates = Path(alembic.__file__).parent / "templates"
    found = {env.parent.name: stated(env) for env in templates.glob("*/env.py")}
    assert found.keys() >= {"generic", "async", "pyproject"}
    assert set(found.values()) == {DEFAULT_TABLE}


def memory(tree: Path, database: str = "database app on a:1") -> Memory:
    return Memory(find_layout(tree), database, tree.parent / "note.json")


def test_what_env_py_does_is_remembered_where_its_text_does_not_say_it(tmp_path: Path) -> None:
    tree = tmp_path / "alembic"
    tree.mkdir()
    (tree / "env.py").write_text(IMPORT + "context.configure(connection=c, **options)")
    assert memory(tree).table() is None
    mine = VersionTable("mine", "shop")
    memory(tree).keep(mine, None)
    assert memory(tree).table() == mine
    assert memory(tree, "another database").table() is None
    (tree / "settings.py").write_text("TABLE = 'other'")  # what may decide on it
    assert memory(tree).table() is None
    ini = tmp_path / "alembic.ini"
    ini.write_text("[alembic]\nscript_location = alembic\n")
    memory(tree).keep(mine, None)
    assert memory(tree).table() == mine
    ini.write_text(f"{ini.read_text()}table = other\n")  # env.py may read it there
    assert memory(tree).table() is None


def test_what_a_run_found_goes_before_what_the_text_says(tmp_path: Path) -> None:
    tree = tmp_path / "alembic"
    tree.mkdir()
    (tree / "env.py").write_text(IMPORT + "context.configure(connection=c)")
    there = VersionTable("alembic_version", "public")
    memory(tree).keep(there, there)
    assert not (tmp_path / "note.json").exists()  # the text is enough
    memory(tree).keep(VersionTable("alembic_version", "tenant"), there)
    assert memory(tree).table() == VersionTable("alembic_version", "tenant")
    memory(tree).keep(there, there)
    assert memory(tree).table() == DEFAULT_TABLE


def test_a_note_that_somebody_edited_is_no_note(tmp_path: Path) -> None:
    tree = tmp_path / "alembic"
    tree.mkdir()
    (tree / "env.py").write_text(IMPORT + "context.configure(connection=c)")
    for text in ("", "[]", "{}", '{"tree": 1}', "\0"):
        (tmp_path / "note.json").write_text(text)
        assert memory(tree).table() == DEFAULT_TABLE
