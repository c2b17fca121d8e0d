"""Projects as people lay them out, and databases that hold more than one tree.

Each is brought up, found idle without running env.py, checked, taken down to base and up again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations.migrate import Database

from .schema_server import (  # noqa: F401
    ask,
    bring,
    database_fixture,
    revision,
    server_fixture,
    table,
    write_tree,
)

A = revision("aa01", None, table("users"), 'op.drop_table("users")')
B = revision("bb02", "aa01", table("posts"), 'op.drop_table("posts")')

ENV = """\
import sqlalchemy as sa
from logging.config import fileConfig
from alembic import context
{imports}
config = context.config
{logging}
def run_migrations_online():
    section = config.get_section(config.config_ini_section)
    assert section is not None
    engine = sa.engine_from_config(section, prefix="sqlalchemy.", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        {before}
        context.configure(connection=connection{options})
        with context.begin_transaction():
            context.run_migrations()

if context.is_offline_mode():
    context.configure(url=config.get_main_option("sqlalchemy.url"), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    run_migrations_online()
"""
FILE_CONFIG = "fileConfig(config.config_file_name)\n"
LOGGERS = """
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = INFO
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
[formatter_plain]
format = %(levelname)s %(message)s
"""


@pytest.fixture(autouse=True)
def _modules() -> Iterator[None]:
    """The projects' own packages are forgotten again: the next has others of the same name."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("app", "shop", "settings_of_mine"):
            del sys.modules[name]


def env(imports: str = "", logging: str = "", before: str = "pass", options: str = "") -> str:
    return ENV.format(imports=imports, logging=logging, before=before, options=options)


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def fastapi(root: Path) -> Path:
    """fastapi/full-stack-fastapi-template's: backend/alembic.ini, backend/app/alembic/."""
    backend = root / "backend"
    put(backend / "app" / "__init__.py", "")
    put(backend / "app" / "models.py", "import sqlalchemy as sa\nmetadata = sa.MetaData()\n")
    ini = "[alembic]\nscript_location = app/alembic\nprepend_sys_path = .\npath_separator = os\n"
    put(backend / "alembic.ini", ini + LOGGERS)
    text = env("from app.models import metadata", FILE_CONFIG, options=", target_metadata=metadata")
    return write_tree(backend / "app" / "alembic", A, B, env=text)


def flask(root: Path) -> Path:
    """Flask-Migrate's: alembic.ini inside the tree, options that the app hands to env.py."""
    tree = root / "migrations"
    put(tree / "alembic.ini", "[alembic]\n# template used to generate migration files\n" + LOGGERS)
    put(tree / "settings_of_mine.py", 'OPTIONS = {"compare_type": True}\n')
    imports = "import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\n"
    imports += "from settings_of_mine import OPTIONS as conf_args"
    return write_tree(tree, A, B, env=env(imports, FILE_CONFIG, options=", **conf_args"))


def src(root: Path) -> Path:
    """A src/ project with its settings in pyproject.toml and `package:directory`."""
    package = root / "src" / "shop"
    put(package / "__init__.py", "")
    put(package / "models.py", "metadata = None\n")
    put(root / "pyproject.toml", '[tool.alembic]\nscript_location = "shop:db/migrations"\n')
    text = env("from shop.models import metadata", options=", target_metadata=metadata")
    return write_tree(package / "db" / "migrations", A, B, env=text)


def two_directories(root: Path) -> Path:
    """Two version_locations, one of them named by its package."""
    put(root / "src" / "shop" / "__init__.py", "")
    put(root / "src" / "shop" / "more" / "bb02.py", B)
    ini = "[alembic]\nscript_location = %(here)s/alembic\nprepend_sys_path = src\n"
    ini += "path_separator = ;\nversion_locations = alembic/versions;shop:more\n"
    put(root / "alembic.ini", ini)
    return write_tree(root / "alembic", A, env=env())


def own_table(root: Path) -> Path:
    return write_tree(root / "alembic", A, B, env=env(options=', version_table="my_versions"'))


def own_schema(root: Path) -> Path:
    """A schema that env.py makes and works in, told by nothing that can be read."""
    before = 'connection.execute(sa.text("CREATE SCHEMA IF NOT EXISTS mine"))\n        '
    before += 'connection.execute(sa.text("SET search_path TO mine"))\n        connection.commit()'
    return write_tree(root / "alembic", A, B, env=env(before=before))


@pytest.mark.parametrize("layout", [fastapi, flask, src, two_directories, own_table])
def test_up_idle_check_down_and_up_again(
    tmp_path: Path, database: Database, layout: object
) -> None:
    assert callable(layout)
    tree, memory = layout(tmp_path / "my project"), tmp_path / "version-table.json"
    with_it = {"version_table_file": memory}
    check = bring(tree, database, check=True, show_sql=True, **with_it)
    assert [step.revision for step in check.pending] == ["aa01", "bb02"]
    assert "CREATE TABLE posts" in check.sql
    assert (
        ask(database, "SELECT relname FROM pg_class WHERE relnamespace='public'::regnamespace")
        == []
    )
    assert bring(tree, database, **with_it).after == ["bb02"]
    assert idle(tree, database, memory) == ["bb02"]
    assert bring(tree, database, check=True, **with_it).pending == []
    assert bring(tree, database, target="-1", **with_it).after == ["aa01"]
    down = bring(tree, database, target="base", **with_it)
    assert [step.revision for step in down.applied] == ["aa01"]
    assert bring(tree, database, **with_it).after == ["bb02"]


def idle(tree: Path, database: Database, memory: Path) -> list[str]:
    """What a run finds that has nothing to do; what would run env.py is not even loaded."""
    loaded = "alembic.runtime.environment"
    runs = sys.modules.pop(loaded, None)
    try:
        report = bring(tree, database, version_table_file=memory)
        assert loaded not in sys.modules, "env.py was run"
    finally:
        if runs is not None:
            sys.modules[loaded] = runs
    assert report.applied == []
    return report.after


def test_a_schema_that_env_py_chooses_is_learnt_once(tmp_path: Path, database: Database) -> None:
    tree, memory = own_schema(tmp_path), tmp_path / "version-table.json"
    bring(tree, database, version_table_file=memory)
    assert ask(database, "SELECT version_num FROM mine.alembic_version") == ["bb02"]
    assert idle(tree, database, memory) == ["bb02"]
    memory.unlink()
    with pytest.raises(GroundworkError, match="read-only transaction") as caught:
        bring(tree, database, check=True, version_table_file=memory)
    assert "Run without --check" in str(caught.value)
    assert bring(tree, database, version_table_file=memory).applied == []
    assert bring(tree, database, version_table_file=memory, target="base").after == []


@pytest.mark.parametrize("layout", [own_table, flask, own_schema])
def test_two_trees_in_one_database_leave_each_other_alone(
    tmp_path: Path, database: Database, layout: object
) -> None:
    assert callable(layout)
    one = layout(tmp_path / "one")
    if layout is flask:
        put(one / "settings_of_mine.py", 'OPTIONS = {"version_table": "one_versions"}\n')
    two = write_tree(tmp_path / "two" / "alembic", revision("cc01", None, table("other")))
    memory = tmp_path / "version-table.json"
    assert bring(two, database).after == ["cc01"]
    if layout is not own_schema:  # which can't be checked before it ran
        check = bring(one, database, check=True, version_table_file=memory)
        assert [step.revision for step in check.pending] == ["aa01", "bb02"]
    assert bring(one, database, version_table_file=memory).before == []
    assert idle(one, database, memory) == ["bb02"]
    assert bring(one, database, version_table_file=memory, target="-1").after == ["aa01"]
    assert bring(one, database, version_table_file=memory, target="base").after == []
    assert bring(two, database).after == ["cc01"]
    assert ask(database, "SELECT count(*) FROM other") == [0]


def test_fifty_revisions_in_a_line(tmp_path: Path, database: Database) -> None:
    ids = [f"r{number:03}" for number in range(50)]
    texts = [
        revision(id_, below, table(f"t{id_}"), f'op.drop_table("t{id_}")')
        for id_, below in zip(ids, [None, *ids], strict=False)
    ]
    tree = write_tree(tmp_path / "alembic", *texts, env=env())
    assert len(bring(tree, database).applied) == 50
    assert bring(tree, database, target="-20").after == ["r029"]
    assert len(bring(tree, database).applied) == 20


def test_a_tree_whose_ini_is_nowhere_is_told_how_to_name_it(
    tmp_path: Path, database: Database
) -> None:
    """Where env.py wants one, it fails in a way that says nothing; check and run say the same."""
    asserting = env(logging="assert config.config_file_name\n" + FILE_CONFIG)
    for text in (asserting, env(logging=FILE_CONFIG)):
        tree = write_tree(tmp_path / "db" / "alembic", A, env=text)
        for check in (True, False):
            with pytest.raises(GroundworkError) as caught:
                bring(tree, database, check=check)
            assert "schema_alembic_ini names one that is elsewhere" in str(caught.value)
            assert not str(caught.value).startswith(
                "The Alembic tree can't be run: AssertionError\n"
            )
    ini = put(tmp_path / "config" / "my.ini", "[alembic]\nscript_location = db/alembic\n" + LOGGERS)
    assert bring(tree, database, alembic_ini=ini).after == ["aa01"]


def test_a_version_table_that_is_locked_names_who_holds_it(
    tmp_path: Path, database: Database
) -> None:
    tree = write_tree(tmp_path / "alembic", A, env=env())
    bring(tree, database)
    with database.connect() as other:
        other.execute("SET application_name = 'a person'")
        other.execute("BEGIN")
        other.execute("LOCK TABLE alembic_version")
        with pytest.raises(GroundworkError) as caught:
            bring(tree, database, lock_timeout=0.2)
        who = f"public.alembic_version is locked: process {other.info.backend_pid} (a person, user "
        assert who in caught.value.what
        assert (
            "holds AccessExclusiveLock on alembic_version, idle in transaction" in caught.value.what
        )


@pytest.mark.parametrize(
    ("made", "what"),
    [
        ("CREATE TABLE alembic_version (a int)", 'column "version_num" does not exist'),
        ("CREATE VIEW alembic_version AS SELECT 1/0 AS version_num", "division by zero"),
        (
            "CREATE FUNCTION slow() RETURNS text LANGUAGE sql AS "
            "'SELECT pg_sleep(30)::text'; "
            "CREATE VIEW alembic_version AS SELECT slow() AS version_num",
            "statement timeout",
        ),
    ],
)
def test_a_version_table_that_is_none_is_a_clear_problem(
    tmp_path: Path, database: Database, made: str, what: str
) -> None:
    tree = write_tree(tmp_path / "alembic", A, env=env())
    ask_nothing(database, made)
    with pytest.raises(GroundworkError) as caught:
        bring(tree, database, lock_timeout=0.2)
    assert "The version table public.alembic_version can't be read: " in str(caught.value)
    assert what in str(caught.value)
    assert caught.value.next_step


def ask_nothing(database: Database, statements: str) -> None:
    with database.connect() as connection:
        for statement in statements.split("; "):
            connection.execute(statement.encode())
