"""The database schema, which Alembic alone owns."""

from . import lock
from .migrate import Database, MigrationResult, Report, Request, migrate
from .state import SchemaSetup, SchemaState, schema_state

__all__ = [
    "Database",
    "MigrationResult",
    "Report",
    "Request",
    "SchemaSetup",
    "SchemaState",
    "lock",
    "migrate",
    "schema_state",
]
