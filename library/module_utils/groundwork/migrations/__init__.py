"""The database schema, which Alembic alone owns."""

from . import lock
from .migrate import Database, MigrationResult, Report, Request, migrate
from .state import SchemaState, Tree, schema_state

__all__ = [
    "Database",
    "MigrationResult",
    "Report",
    "Request",
    "SchemaState",
    "Tree",
    "lock",
    "migrate",
    "schema_state",
]
