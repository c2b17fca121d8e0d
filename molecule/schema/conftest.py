"""What the schema's tests ask the database. It is asked over TCP, as an app would."""

from __future__ import annotations

import json
import shlex
from typing import Any, NamedTuple

import pytest

PYTHON = "/opt/groundwork/toolbox/bin/python"
SESSION = "/opt/groundwork/project/molecule/schema/files/session.py"


class Schema(NamedTuple):
    """The revisions of alembic_version, and each table's columns."""

    revisions: list[str]
    tables: dict[str, list[str]]


@pytest.fixture
def schema(host: Any) -> Schema:
    """The database as it is now."""

    def ask(query: str) -> list[Any]:
        rows: list[Any] = json.loads(host.check_output(shlex.join([PYTHON, SESSION, "ask", query])))
        return rows

    versions = ask("SELECT version_num FROM alembic_version ORDER BY 1")
    columns = ask(
        "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) "
        "FROM information_schema.columns WHERE table_schema = 'public' "
        "AND table_name <> 'alembic_version' GROUP BY 1"
    )
    return Schema([row[0] for row in versions], dict(columns))
