"""Where a tree's parts are on a machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork.config import App, SchemaTree
from ansible.module_utils.groundwork.migrations.setup import SchemaSetup, setup_of

APPS = {"backend": App("backend", "apps/backend/.env")}


def test_relative_paths_start_in_the_workspace() -> None:
    tree = SchemaTree(
        *(
            "shop",
            "postgres",
            "app",
            "shop/alembic",
            "shop/alembic.ini",
            ("shop/.venv/bin/python",),
        ),
        *("shop", {"A": "1"}, "backend"),
    )
    found = setup_of(tree, APPS, "/work space", "/work space/infra")
    assert (found.schema_dir, found.alembic_ini) == (
        *("/work space/shop/alembic", "/work space/shop/alembic.ini"),
    )
    assert found.python == ("/work space/shop/.venv/bin/python",)
    assert found.directory == found.start_directory == "/work space/shop"
    assert found.env_file == "/work space/apps/backend/.env"
    assert found.version_table_file == "/work space/infra/.version-table-shop.json"
    assert SchemaSetup.from_dict(found.to_dict()) == found


def test_absolute_ones_and_a_command_stay() -> None:
    tree = SchemaTree("", "postgres", "app", "/x/alembic", python=("uv", "run", "a/b"))
    found = setup_of(tree, {}, "/work", "/work/infra")
    assert (found.schema_dir, found.python) == ("/x/alembic", ("uv", "run", "a/b"))
    assert (found.directory, found.start_directory) == ("", "/work")
    assert found.version_table_file == "/work/infra/.version-table.json"


def test_a_tree_that_was_sent_is_there_alone() -> None:
    tree = SchemaTree("shop", "postgres", "app", "shop/alembic", "shop/alembic.ini")
    found = setup_of(tree, {}, "/srv", "/srv/infra", "/opt/sent/alembic-shop")
    assert (found.schema_dir, found.alembic_ini, found.directory) == (
        *("/opt/sent/alembic-shop", "", ""),
    )


def test_a_virtual_environment_may_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "venv").mkdir()
    setup = SchemaSetup("shop", python=("~/venv", "-X", "dev"), start_directory="/")
    found = setup.interpreter(5)
    assert found
    assert found.command == (str(tmp_path / "venv" / "bin" / "python"), "-X", "dev")
    assert (found.directory, found.limit, found.name) == (Path("/"), 5, "shop")
    assert SchemaSetup("shop").interpreter() is None
