"""A second tree in the stack's database, through the playbooks: a laid-out project of an app's."""

from __future__ import annotations

from pathlib import Path

import psycopg

from .schema_server import revision, table, write_tree
from .stack import Stack

ENV = """\
from logging.config import fileConfig

import sqlalchemy as sa
from alembic import context
from app.settings import VERSIONS

config = context.config
fileConfig(config.config_file_name)
section = config.get_section(config.config_ini_section)
with sa.engine_from_config(section, poolclass=sa.pool.NullPool).connect() as connection:
    context.configure(connection=connection, version_table=VERSIONS)
    with context.begin_transaction():
        context.run_migrations()
"""
INI = """\
[alembic]
script_location = app/alembic
prepend_sys_path = .
path_separator = os
[loggers]
keys = root,alembic
[handlers]
keys = console
[formatters]
keys =
[logger_root]
handlers = console
[logger_alembic]
level = INFO
handlers =
qualname = alembic
[handler_console]
class = StreamHandler
args = (sys.stderr,)
"""


def test_an_apps_own_tree_beside_another_in_one_database(stack: Stack, tmp_path: Path) -> None:
    backend = tmp_path / "an app" / "backend"
    noisy = f'print("from a print")\n{table("app_users")}'
    first = revision("aa01", None, noisy, 'op.drop_table("app_users")')
    tree = write_tree(backend / "app" / "alembic", first, env=ENV)
    (backend / "app" / "settings.py").write_text('VERSIONS = "app_versions"\n')
    (backend / "alembic.ini").write_text(INI)
    own = {"schema_dir": str(tree)}
    try:
        made = stack.up(**own).output
        assert "up        aa01" in made
        assert made.index("Running upgrade  -> aa01") < made.index("from a print")
        assert "WARNING" not in made
        assert "nothing, up to date" in stack.up(**own).output
        assert "change nothing" in stack.up("--check", **own).output
        with psycopg.connect(
            host=stack.postgres_host,
            port=stack.postgres_port,
            user=stack.postgres_user,
            password=stack.postgres_password,
            dbname=stack.postgres_database,
            application_name="a person",
        ) as other:
            other.execute("LOCK TABLE app_versions")
            status = stack.play("status", **own)
            assert status.code == 0, status.output
            holder = f"app_versions is locked: process {other.info.backend_pid} (a person, user"
            assert holder in status.output
    finally:
        back = stack.up(schema_target="base", **own)
    assert "down      aa01" in back.output
    assert "nothing, up to date" in stack.up().output
