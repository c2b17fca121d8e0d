"""The database schema, which Alembic alone owns."""

from . import lock
from .digest import digest
from .forward import Ssh, forwarded
from .history import TreeHistory, histories
from .migrate import NOT_UNDONE, Database, MigrationResult, Report, Request, migrate
from .outlook import ANY, Outlook, foresee
from .parameters import database_of, request_of, variables_of
from .seed import run_seed
from .setup import SchemaSetup, setup_of
from .stamp import stamp
from .state import SchemaState, schema_states

__all__ = [
    "ANY",
    "NOT_UNDONE",
    "Database",
    "MigrationResult",
    "Outlook",
    "Report",
    "Request",
    "SchemaSetup",
    "SchemaState",
    "Ssh",
    "TreeHistory",
    "database_of",
    "digest",
    "foresee",
    "forwarded",
    "histories",
    "lock",
    "migrate",
    "request_of",
    "run_seed",
    "schema_states",
    "setup_of",
    "stamp",
    "variables_of",
]
