"""The database schema, which Alembic alone owns."""

from . import lock
from .migrate import Database, Report, Request, migrate
from .state import Tree, schema_state

__all__ = ["Database", "Report", "Request", "Tree", "lock", "migrate", "schema_state"]
