"""Apps' own trees, run by the apps' own Python, through the playbook as a person runs it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from .app_projects import (  # noqa: F401
    NAMES,
    add_revisions,
    another_python,
    app_python_fixture,
    make_venv,
    orders,
    shop,
)
from .schema_server import (  # noqa: F401
    Database,
    ask,
    database_fixture,
    revision,
    server_fixture,
    table,
)
from .stack import Stack


@pytest.fixture(name="apps")
def apps_fixture(stack: Stack, app_python: Path, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Two apps' trees for one database, as the inventory names them; gone at the end."""
    repository = tmp_path / "mono repo"
    shop(repository)
    orders(repository)
    backend = repository / "backend"
    (backend / ".venv").symlink_to(app_python.parents[1])
    trees = [
        {
            "name": "shop",
            "directory": str(backend / "app" / "alembic"),
            "python": str(backend / ".venv" / "bin" / "python"),
            "environment": NAMES,
        },
        {
            "directory": str(repository / "services" / "orders" / "migrations"),
            "python": [str(backend / ".venv" / "bin" / "python")],
        },
    ]
    yield {"schema_trees": trees}
    with connect(stack) as connection:
        for name in ("items", "orders", "parts", "shop_versions", "orders_versions"):
            connection.execute(f"DROP TABLE IF EXISTS {name}".encode())


def connect(stack: Stack) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=stack.postgres_host,
        port=stack.postgres_port,
        user=stack.postgres_user,
        password=stack.postgres_password,
        dbname=stack.postgres_database,
        autocommit=True,
    )


def tables(stack: Stack) -> set[str]:
    with connect(stack) as connection:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        return {row[0] for row in connection.execute(query)}


def test_two_apps_trees_are_migrated_and_shown(stack: Stack, apps: dict[str, Any]) -> None:
    check = stack.up("--check", "--diff", **apps).output
    assert "shop: 1 revision to apply" in check
    assert "orders: 1 revision to apply" in check
    assert "CREATE TABLE items" in check
    assert not tables(stack) & {"items", "orders", "shop_versions"}
    made = stack.up(**apps).output
    python = another_python()[0].name.removeprefix("python") if another_python()[1] else ""
    python = python or f"3.{sys.version_info.minor}"
    assert f"ran by {python} psycopg2 10s 2s" in made
    assert f"ran by {python} asyncpg 10s 2s" in made
    assert "schema    shop  empty → 5a01  1 revision" in made
    assert "          orders  empty → 0d01  1 revision" in made.replace("  " * 6, "  " * 5)
    assert {"items", "orders", "shop_versions", "orders_versions"} <= tables(stack)
    again = stack.up(**apps)
    assert again.idle
    status = stack.play("status", **apps).output
    assert "shop  5a01  up to date" in status
    assert "orders  0d01  up to date" in status


def test_one_of_several_is_named_to_go_elsewhere(stack: Stack, apps: dict[str, Any]) -> None:
    stack.up(**apps)
    refused = stack.refuse(schema_target="-1", **apps)
    assert "schema_target: -1 is for one tree, and there are 2: shop, orders" in refused
    assert "schema_tree=" in refused
    assert "Did you mean 'orders'?" in stack.refuse(schema_target="-1", schema_tree="order", **apps)
    back = stack.up(schema_target="-1", schema_tree="orders", **apps).output
    assert "down      0d01" in back
    assert "items" in tables(stack)
    assert "orders" not in tables(stack)


def test_a_revision_that_fails_names_its_file_and_what_stands(
    stack: Stack, apps: dict[str, Any]
) -> None:
    one = apps["schema_trees"][0]
    good = revision("5a02", "5a01", table("parts"))
    add_revisions(Path(one["directory"]), good, revision("5a03", "5a02", 'op.execute("SELECT x")'))
    said = stack.refuse(schema_trees=[one])
    assert "Revision 5a03 (Revision 5a03) could not be applied: column" in said
    assert "5a03.py:" in said
    assert "Before it, in this run: 5a01, 5a02. That stays." in said
    assert "parts" in tables(stack)


def test_an_env_py_that_reads_another_server_is_stopped_before_it_writes(
    stack: Stack, apps: dict[str, Any], database: Database
) -> None:
    one = apps["schema_trees"][0]
    one["environment"] = {
        **NAMES,
        "POSTGRES_USER": database.user,
        "POSTGRES_PASSWORD": database.password,
        "POSTGRES_DB": database.database,
    }
    said = stack.refuse(schema_trees=[one])
    assert "env.py connects to another database than the inventory's" in said
    assert f"env.py: {database.database} started" in said
    assert ask(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []


def test_the_lines_of_an_app_are_its_settings_until_its_own_win(
    stack: Stack, apps: dict[str, Any], tmp_path: Path
) -> None:
    one = apps["schema_trees"][0] | {"environment": {}}
    parts = ("host", "port", "user", "password", "database")
    lines = {name: f"{{postgres.{part}}}" for name, part in zip(NAMES, parts, strict=True)}
    file = tmp_path / "backend.env"
    app = {"path": str(file), "services": ["postgres"], "lines": lines}
    more = {"env_files_apps": {"backend": app}, "schema_trees": [one]}
    stack.up(**more)
    assert "items" in tables(stack)
    assert stack.up(**more).idle
    with file.open("a", encoding="utf-8") as text:
        text.write("POSTGRES_PASSWORD=changethis\n")
    assert "env win over Groundwork's: POSTGRES_PASSWORD" in stack.up(**more).output
    said = stack.refuse(schema_target="-1", **more)
    assert "`lines` of the app in env_files_apps" in said
    assert "items" in tables(stack)


def test_a_python_that_is_not_there_or_has_no_alembic_is_named(
    stack: Stack, apps: dict[str, Any], tmp_path: Path
) -> None:
    one = apps["schema_trees"][0]
    missing = str(tmp_path / "no such" / "bin" / "python")
    said = stack.refuse(schema_trees=[one | {"python": missing}])
    assert f"There is no Python at {missing}" in said.replace("\n      ", " ")
    assert "uv sync" in said
    said = stack.refuse(schema_trees=[one | {"python": ["no-such-uv", "run", "python"]}])
    assert "There is no command 'no-such-uv' here" in said
    bare = make_venv(tmp_path / "bare", another_python()[0])
    said = stack.refuse(schema_trees=[one | {"python": str(bare)}])
    assert "The tree's Python can't run Alembic: alembic is not installed." in said
    assert not tables(stack) & {"items", "shop_versions"}
