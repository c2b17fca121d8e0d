"""An app's own env.py, as short as it may be. It prints which Python it is run by."""

import sys

from alembic import context
from sqlalchemy import create_engine

config = context.config
print(f"Migrated by {sys.prefix}")


def run(connection):
    """Run what was asked for."""
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    context.configure(url=config.get_main_option("sqlalchemy.url"), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif "connection" in config.attributes:
    run(config.attributes["connection"])
else:
    with create_engine(config.get_main_option("sqlalchemy.url")).connect() as own:
        run(own)
