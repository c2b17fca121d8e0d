"""How Alembic gets to the database.

The playbooks (module alembic_migrate) hand over a connection. By hand the address comes from
DATABASE_URL, or from the env file that the inventory gives an app. The base of this file is
Alembic's own template; an app that brings a tree of its own needs none of it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from logging.config import fileConfig
from pathlib import Path
from typing import Any

import sqlalchemy
from alembic import context
from alembic.util import CommandError

config = context.config
PROJECT = Path(__file__).resolve().parent.parent
INVENTORY = PROJECT / "inventory" / "group_vars" / "all" / "stack.yml"
# A person's own values win
LOCAL = PROJECT / "inventory" / "group_vars" / "dev" / "local.yml"

# An app that wants `alembic revision --autogenerate` names its models here:
# from backend.models import Base; target_metadata = Base.metadata
target_metadata = None


def env_file() -> tuple[Path, str]:
    """The env file of the inventory's first app with the database, and the address' name in it."""
    inventory: dict[str, Any] = {}
    for file in (INVENTORY, LOCAL):
        if file.exists():
            import yaml

            inventory |= yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    services = inventory.get("stack_services", {})
    databases = [name for name in services if services[name].get("kind") == "postgres"]
    service = inventory.get("schema_service") or "postgres"
    if not inventory.get("schema_service") and len(databases) == 1:
        service = databases[0]
    directory = str(inventory.get("workspace_dir", PROJECT))
    directory = directory.replace("{{ inventory_dir | dirname }}", str(PROJECT))
    if "{{" in directory:
        raise CommandError(
            f"No database is known: workspace_dir is worked out in {INVENTORY}.\n"
            "Next: set DATABASE_URL=postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
        )
    apps = inventory.get("env_files_apps", {}).values()
    paths = [app["path"] for app in apps if service in app.get("services", ())]
    path = Path(directory).expanduser() / Path(*paths[:1] or ["apps/backend/.env"]).expanduser()
    entry = services.get(service, {})
    return path, entry.get("url_variable", "DATABASE_URL")


def value_of(variable: str, path: Path) -> str:
    """What an env file says; nothing where it isn't there."""
    try:
        # -sig: editors on Windows begin a file with a mark
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise CommandError(
            f"{path} is not a text file in UTF-8.\nNext: save it as UTF-8."
        ) from None
    from dotenv import dotenv_values  # only by hand

    return dotenv_values(stream=io.StringIO(text), interpolate=False).get(variable) or ""


def database_url() -> tuple[sqlalchemy.URL, str]:
    """The database's address for a person's own command, spoken by psycopg 3; and whose it is."""
    url, source = os.environ.get("DATABASE_URL", ""), "the variable DATABASE_URL"
    if not url:
        path, variable = env_file()
        url, source = value_of(variable, path), str(path)
    if not url:
        raise CommandError(
            f"No database is known: {source} isn't there, or doesn't name one.\nNext: run "
            "`make dev`, which writes it, or set "
            "DATABASE_URL=postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
        )
    try:
        return sqlalchemy.make_url(url).set(drivername="postgresql+psycopg"), source
    except sqlalchemy.exc.ArgumentError:
        raise CommandError(f"{source} doesn't hold a database's address.") from None


def run(connection: sqlalchemy.Connection) -> None:
    """Run what was asked for on a connection."""
    context.configure(connection=connection, target_metadata=target_metadata)
    with context.begin_transaction():
        context.run_migrations()


@contextmanager
def connected() -> Iterator[sqlalchemy.Connection]:
    """A connection for a person's own command; two lines, no traceback, where there is none."""
    url, source = database_url()
    # One transaction and one wait at most: a stuck ALTER TABLE must not queue the app behind it.
    engine = sqlalchemy.create_engine(
        url,
        poolclass=sqlalchemy.NullPool,
        connect_args={"options": "-c lock_timeout=10s", "connect_timeout": 10},
    )
    try:
        connection = engine.connect()
    except sqlalchemy.exc.OperationalError as error:
        place = url.query.get("host") or f"{url.host}:{url.port}"
        said = str(error.orig).splitlines()[0].rpartition(" failed: ")[2]
        raise CommandError(
            f"The database {url.database} at {place}, which {source} names, can't be reached: "
            f"{said}\nNext: run `make dev`, which starts it and renews that file, or set "
            "DATABASE_URL=postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
        ) from None
    with connection:
        yield connection


given = config.attributes.get("connection")
if config.config_file_name and given is None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)

if context.is_offline_mode():
    # `--sql` prints statements; no server is asked, so the kind of database is all it needs.
    context.configure(
        dialect_name="postgresql", target_metadata=target_metadata, literal_binds=True
    )
    with context.begin_transaction():
        context.run_migrations()
elif given is not None:
    run(given)
else:
    with connected() as own:
        run(own)
