"""A real PostgreSQL for the schema's tests: a database for each test, and trees to bring there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ansible.module_utils.groundwork.migrations.migrate import Database, Report, Request, migrate
from psycopg import sql
from sqlalchemy import URL

ROOT = Path(__file__).resolve().parents[2]

# What every tree needs: the project's own env.py, and in place of it any other text
ENV = (ROOT / "alembic" / "env.py").read_text(encoding="utf-8")
# One with a version table of its own
VERSIONED = """\
import sqlalchemy as sa
from alembic import context

with sa.engine_from_config(
    context.config.get_section(context.config.config_ini_section), poolclass=sa.pool.NullPool
).connect() as connection:
    context.configure(connection=connection, version_table="hand_versions")
    with context.begin_transaction():
        context.run_migrations()
"""
INI = "[alembic]\nscript_location = alembic\n"


@dataclass(frozen=True)
class Server:
    """A server and a superuser's way in; and the app's role, who owns what the tests migrate."""

    host: str
    port: int
    user: str
    password: str
    database: str
    owner: str = ""
    owner_password: str = ""

    def connect(self, database: str = "") -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=database or self.database,
            autocommit=True,
            connect_timeout=5,
        )

    @contextmanager
    def new_database(self) -> Iterator[Database]:
        """A database of one's own, gone at the end."""
        name = f"schema_{uuid.uuid4().hex[:12]}"
        login = (self.owner, self.owner_password) if self.owner else (self.user, self.password)
        names = (sql.Identifier(name), sql.Identifier(login[0]))
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*names))
        try:
            yield Database(self.host, self.port, login[0], name, login[1], connect_timeout=5)
        finally:
            with self.connect() as connection:
                connection.execute(
                    sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
                )

    @contextmanager
    def new_role(self, password: str, database: str) -> Iterator[str]:
        """A role that may do all in a database, gone at the end with what it owns there."""
        name = sql.Identifier(role := f"schema_{uuid.uuid4().hex[:12]}")
        with self.connect(database) as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(password))
            )
            connection.execute(sql.SQL("GRANT ALL ON SCHEMA public TO {}").format(name))
            try:
                yield role
            finally:
                connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(name))
                connection.execute(sql.SQL("DROP ROLE {}").format(name))


def server_of(stack: Any) -> Server:
    """The server of the tests' stack."""
    return Server(
        stack.postgres_host,
        stack.postgres_port,
        "postgres",
        stack.env["POSTGRES_SUPERUSER_PASSWORD"],
        stack.postgres_database,
        stack.postgres_user,
        stack.postgres_password,
    )


def given_server() -> Server | None:
    """A server for development: GROUNDWORK_TEST_POSTGRES, in JSON."""
    text = os.environ.get("GROUNDWORK_TEST_POSTGRES")
    return Server(**json.loads(text)) if text else None


def revision(id_: str, below: Any, up: str = "pass", down: str = "pass", message: str = "") -> str:
    """The text of a revision; `up` and `down` are Python, lines joined by newlines."""
    body = {name: "\n    ".join(text.splitlines()) for name, text in (("up", up), ("down", down))}
    return (
        f'"""{message or f"Revision {id_}"}"""\n\n'
        "import sqlalchemy as sa\nfrom alembic import op\n\n"
        f"revision = {id_!r}\ndown_revision = {below!r}\n\n"
        f"def upgrade():\n    {body['up']}\n\ndef downgrade():\n    {body['down']}\n"
    )


def table(name: str) -> str:
    """The Python that makes a table."""
    return f'op.create_table("{name}", sa.Column("id", sa.Integer, primary_key=True))'


def write_tree(directory: Path, *texts: str, env: str = ENV) -> Path:
    """A tree of its own in `directory`, with a revision for each text; more may come later."""
    versions = directory / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    (directory / "env.py").write_text(env, encoding="utf-8")
    for text in texts:
        id_ = text.split("revision = '", 1)[1].split("'", 1)[0]
        (versions / f"{id_}.py").write_text(text, encoding="utf-8")
    return directory


def bring(tree: Path, database: Database, **options: Any) -> Report:
    """Run `migrate`; its report."""
    report = Report()
    migrate(Request(schema_dir=tree, **options), database, report)
    return report


def start(tree: Path, database: Database, **options: Any) -> subprocess.Popen[str]:
    """Run `migrate` in a process of its own; it prints the revisions that it applied."""
    code = (
        "import json, sys; from pathlib import Path\n"
        f"sys.path.insert(0, {str(ROOT / 'library' / 'module_utils')!r})\n"
        "from groundwork.migrations import Database, Report, Request, migrate\n"
        "given, report = json.loads(sys.argv[1]), Report()\n"
        f"request = Request(schema_dir=Path({str(tree)!r}), **given['options'])\n"
        "migrate(request, Database(**given['database']), report)\n"
        "print(json.dumps([[step.revision for step in report.applied], report.before,\n"
        "                  report.after, 'alembic' in sys.modules]))\n"
    )
    given = json.dumps({"database": vars(database), "options": options})
    return subprocess.Popen(
        [sys.executable, "-c", code, given],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[list[str], list[str], list[str], bool]:
    """What `start` printed: applied, before, after, and whether Alembic was imported."""
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    applied, before, after, imported = json.loads(output)
    return applied, before, after, imported


def url(database: Database, driver: str = "psycopg") -> str:
    """The address as SQLAlchemy reads it; without a driver, as people write it."""
    found = URL.create(f"postgresql+{driver}" if driver else "postgresql", **database.login())
    return found.render_as_string(hide_password=False)


def ask(database: Database, query: str) -> list[Any]:
    """The first column of a query's rows."""
    with database.connect() as connection:
        return [row[0] for row in connection.execute(query.encode())]


def tables(database: Database) -> list[str]:
    """The tables in the schema public, sorted."""
    return ask(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")


# The fixtures have functions of another name, so that a test file can import them.


@pytest.fixture(scope="module", name="server")
def server_fixture(request: pytest.FixtureRequest) -> Server:
    return given_server() or server_of(request.getfixturevalue("stack"))


@pytest.fixture(name="database")
def database_fixture(server: Server) -> Iterator[Database]:
    with server.new_database() as database:
        yield database


@pytest.fixture(name="directory")
def directory_fixture(tmp_path: Path) -> Path:
    return tmp_path / "an app" / "alembic"
