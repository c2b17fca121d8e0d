"""How Alembic gets to the database.

The playbooks (module alembic_migrate) hand over a connection. By hand the address comes from
DATABASE_URL, or from the apps/backend/.env that the project writes. The base of this file is
Alembic's own template; an app that brings a tree of its own needs none of it.
"""

from __future__ import annotations

import os
from logging.config import fileConfig
from pathlib import Path

import sqlalchemy
from alembic import context
from alembic.util import CommandError

config = context.config
ENV_FILE = Path(__file__).resolve().parent.parent / "apps" / "backend" / ".env"

# An app that wants `alembic revision --autogenerate` names its models here:
# from backend.models import Base; target_metadata = Base.metadata
target_metadata = None


def database_url() -> sqlalchemy.URL:
    """The database's address for a person's own command, spoken by psycopg 3."""
    url = os.environ.get("DATABASE_URL", "")
    if not url and ENV_FILE.exists():
        for line in ENV_FILE.read_text(encoding="utf-8").splitlines():
            name, _, value = line.strip().partition("=")
            if name == "DATABASE_URL":
                url = value.strip("'\"")
    if not url:
        raise CommandError(
            "No database is known. Run `make dev`, which writes apps/backend/.env, or set "
            "DATABASE_URL=postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
        )
    return sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")


def run(connection: sqlalchemy.Connection) -> None:
    """Run what was asked for on a connection."""
    context.configure(connection=connection, target_metadata=target_metadata)
    with context.begin_transaction():
        context.run_migrations()


connection = config.attributes.get("connection")
if config.config_file_name and connection is None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)

if context.is_offline_mode():
    # `--sql` prints statements; no server is asked, so the kind of database is all it needs.
    context.configure(
        dialect_name="postgresql", target_metadata=target_metadata, literal_binds=True
    )
    with context.begin_transaction():
        context.run_migrations()
elif connection is not None:
    run(connection)
else:
    # One transaction and one wait at most: a stuck ALTER TABLE must not queue the app behind it.
    engine = sqlalchemy.create_engine(
        database_url(),
        poolclass=sqlalchemy.NullPool,
        connect_args={"options": "-c lock_timeout=10s"},
    )
    with engine.connect() as own:
        run(own)
