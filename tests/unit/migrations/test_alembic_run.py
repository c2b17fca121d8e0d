"""What runs a tree has to run in an app's Python too. A run itself needs a real server."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.migrations import alembic_run, interpreter
from ansible.module_utils.groundwork.migrations.alembic_run import AlembicRun

LOGIN = {"username": "app", "password": "p%", "host": "127.0.0.1", "port": 1, "database": "d"}
SETUP = {"login": LOGIN, "options": {"sslmode": "require", "connect_timeout": 2}}


@pytest.mark.parametrize("text", [text for _, text in interpreter.program()])
def test_an_older_python_reads_it_and_it_imports_nothing_of_ours(text: str) -> None:
    tree = ast.parse(text, feature_version=(3, 8))
    own = {name for name, _ in interpreter.program()}
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level == 1
            assert node.module in own
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            top = name.partition(".")[0]
            assert top in {"alembic", "sqlalchemy"} or top in sys.stdlib_module_names


def url(monkeypatch: pytest.MonkeyPatch, there: str, *drivers: str) -> str:
    monkeypatch.setattr(alembic_run, "find_spec", lambda name: name == there or None)
    found: str = AlembicRun({**SETUP, "drivers": drivers})._url().render_as_string(False)
    return found


def test_the_url_names_the_driver_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ("asyncpg", "psycopg2", "pg8000")
    address = "app:p%25@127.0.0.1:1/d"
    libpq = "?connect_timeout=2&sslmode=require"
    assert url(monkeypatch, "psycopg2", *wanted) == f"postgresql+psycopg2://{address}{libpq}"
    assert url(monkeypatch, "asyncpg", *wanted) == f"postgresql+asyncpg://{address}?ssl=require"
    assert url(monkeypatch, "pg8000", *wanted) == f"postgresql+pg8000://{address}"
    assert url(monkeypatch, "other", *wanted) == f"postgresql://{address}"


def test_the_url_in_alembics_configuration_is_the_url(tmp_path: Path) -> None:
    setup = {
        **SETUP,
        "drivers": ["psycopg"],
        "ini": None,
        "toml": None,
        "schema_dir": str(tmp_path),
    }
    config = AlembicRun(setup)._config()
    assert "app:p%25@127.0.0.1:1/d" in str(config.get_main_option("sqlalchemy.url"))
    assert config.get_main_option("script_location") == str(tmp_path)
