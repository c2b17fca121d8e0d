"""The database schema, which Alembic alone owns."""

from . import lock
from .forward import Ssh, forwarded
from .migrate import Database, MigrationResult, Report, Request, migrate
from .parameters import database_of, request_of
from .setup import SchemaSetup, setup_of
from .state import SchemaState, schema_states

__all__ = [
    "Database",
    "MigrationResult",
    "Report",
    "Request",
    "SchemaSetup",
    "SchemaState",
    "Ssh",
    "database_of",
    "forwarded",
    "lock",
    "migrate",
    "request_of",
    "schema_states",
    "setup_of",
]
