"""Apps in the shapes of real repositories, with a virtual environment and a Python of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .schema_server import revision, table
from .stack import ROOT

UV = ROOT / ".venv" / "bin" / "uv"
PACKAGES = ("alembic", "psycopg2-binary", "asyncpg", "greenlet")

INI = """\
[alembic]
script_location = {location}
prepend_sys_path = .
path_separator = os
"""

# As pydantic-settings does: what is exported, then the .env at the repository's root
SETTINGS = '''\
"""Settings, from the environment or the .env at the root of the repository."""
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


class Settings:
    def __init__(self):
        values = {}
        file = ROOT / ".env"
        for line in file.read_text().splitlines() if file.exists() else []:
            name, _, value = line.partition("=")
            values[name.strip()] = value.strip().strip("\\"'")
        values.update(os.environ)
        self.server = values["POSTGRES_SERVER"]
        self.port = int(values["POSTGRES_PORT"])
        self.user = values["POSTGRES_USER"]
        self.password = values["POSTGRES_PASSWORD"]
        self.database = values["POSTGRES_DB"]

    @property
    def url(self):
        login = f"{self.user}:{self.password}@{self.server}:{self.port}"
        return f"postgresql+psycopg2://{login}/{self.database}"


settings = Settings()
'''
# What such an app's settings are called, in the words of PostgreSQL's client library
NAMES = {
    "POSTGRES_SERVER": "$PGHOST",
    "POSTGRES_PORT": "$PGPORT",
    "POSTGRES_USER": "$PGUSER",
    "POSTGRES_PASSWORD": "$PGPASSWORD",
    "POSTGRES_DB": "$PGDATABASE",
}
SYNC_ENV = """\
import sqlalchemy as sa
from alembic import context

from app.core.config import settings
from app.models import metadata

if context.is_offline_mode():
    context.configure(url=settings.url, target_metadata=metadata, literal_binds=True,
                      version_table="shop_versions")
    with context.begin_transaction():
        context.run_migrations()
else:
    with sa.create_engine(settings.url, poolclass=sa.pool.NullPool).connect() as connection:
        context.configure(connection=connection, target_metadata=metadata,
                          version_table="shop_versions")
        with context.begin_transaction():
            context.run_migrations()
"""
ASYNC_ENV = """\
import asyncio

from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine

url = context.config.get_main_option("sqlalchemy.url")


def do_run(connection):
    context.configure(connection=connection, version_table="orders_versions")
    with context.begin_transaction():
        context.run_migrations()


async def main():
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(do_run)
    await engine.dispose()


asyncio.run(main())
"""
# A revision that says where it ran, and which limits its session had
REPORTS = """\
import sys
names = ("lock_timeout", "client_connection_check_interval")
bind = op.get_bind()
if not op.get_context().as_sql:
    limits = [bind.execute(sa.text(f"SHOW {name}")).scalar() for name in names]
    print("ran by", ".".join(map(str, sys.version_info[:2])), bind.dialect.driver, *limits)
"""


def another_python() -> tuple[Path, bool]:
    """A Python of another version than ours, where the machine has one; and whether it has."""
    found = sorted(Path.home().glob("pythons/*/bin/python3.??"))
    for minor in range(12, 16):
        if sys.version_info.minor != minor and (path := shutil.which(f"python3.{minor}")):
            found.append(Path(path))
    return (found[0], True) if found else (Path(sys.executable), False)


def make_venv(place: Path, python: Path, *packages: str) -> Path:
    """A virtual environment with those packages; its Python."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    commands = [[str(UV), "venv", "-q", "--python", str(python), str(place)]]
    if packages:
        install = [str(UV), "pip", "install", "-q", "--python", str(place / "bin" / "python")]
        commands.append([*install, *packages])
    for command in commands:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
    return place / "bin" / "python"


@pytest.fixture(scope="session", name="app_python")
def app_python_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The Python of an app's virtual environment, which has nothing of ours."""
    python, other = another_python()
    if not other:
        print(f"No other Python than {sys.version.split()[0]} is here: the apps have the same.")
    yield make_venv(tmp_path_factory.mktemp("app venv") / ".venv", python, *PACKAGES)


def shop(repository: Path, *more: str) -> Path:
    """`backend/` with a src layout: app/core/config.py, app/models.py, app/alembic."""
    app = repository / "backend" / "app"
    for directory in (app / "core", app / "alembic" / "versions"):
        directory.mkdir(parents=True)
    (app / "core" / "config.py").write_text(SETTINGS)
    (app / "models.py").write_text("import sqlalchemy as sa\nmetadata = sa.MetaData()\n")
    (repository / "backend" / "alembic.ini").write_text(INI.format(location="app/alembic"))
    (app / "alembic" / "env.py").write_text(SYNC_ENV)
    first = revision("5a01", None, f"{REPORTS}{table('items')}", 'op.drop_table("items")', "Items")
    add_revisions(app / "alembic", first, *more)
    return app / "alembic"


def orders(repository: Path, *more: str) -> Path:
    """`services/orders/` with an env.py that needs asyncpg."""
    tree = repository / "services" / "orders" / "migrations"
    (tree / "versions").mkdir(parents=True)
    (tree.parent / "alembic.ini").write_text(INI.format(location="migrations"))
    (tree / "env.py").write_text(ASYNC_ENV)
    first = revision("0d01", None, f"{REPORTS}{table('orders')}", 'op.drop_table("orders")')
    add_revisions(tree, first, *more)
    return tree


def add_revisions(tree: Path, *texts: str) -> None:
    """Write revisions into a tree, each under its name."""
    for text in texts:
        name = text.split("revision = '", 1)[1].split("'", 1)[0]
        (tree / "versions" / f"{name}.py").write_text(text)
