"""The Alembic trees of the inventory: what is derived, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.apps import parse_apps
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.config.trees import (
    SchemaTree,
    check_target,
    nameless_tree,
    parse_trees,
)
from ansible.module_utils.groundwork.errors import GroundworkError

POSTGRES = {"kind": "postgres", "image": "postgres:16", "port": 5432}
SERVICES = parse_services(
    {
        "postgres": POSTGRES,
        "reports": POSTGRES | {"port": 5433, "database": "reports"},
        "redis": {"kind": "redis", "image": "redis:7", "port": 6379},
    }
)
APPS = parse_apps(
    {
        "inside": {"path": "a/.env", "audience": "internal", "services": ["postgres"]},
        "cache": {"path": "c/.env", "services": ["redis"]},
        "backend": {"path": ".env", "services": ["postgres"]},
    },
    SERVICES,
)


def parse(*entries: Any) -> list[SchemaTree]:
    return parse_trees(list(entries), SERVICES, APPS)


def test_a_directory_is_enough() -> None:
    (tree,) = parse({"directory": "backend/app/alembic"})
    assert tree == SchemaTree(
        *("backend", "postgres", "app", "backend/app/alembic"),
        user="app",
        secret="POSTGRES_PASSWORD",
        url_variable="POSTGRES_URL",
    )


def test_an_apps_python_brings_the_first_apps_env_file_that_uses_the_service() -> None:
    app, other = parse(
        {"directory": "backend/alembic", "python": ["uv", "run", "python"]},
        {"directory": "r/alembic", "python": ".venv/bin/python", "service": "reports"},
    )
    assert (app.python, app.env_app) == (("uv", "run", "python"), "backend")
    assert (other.python, other.env_app, other.database) == ((".venv/bin/python",), "", "reports")


def test_a_further_database_is_migrated_by_its_owner() -> None:
    services = parse_services(
        {"postgres": POSTGRES | {"databases": {"bills": {"owner": "billing"}, "logs": {}}}}
    )
    apps = parse_apps(
        {
            "app": {"path": "a/.env", "services": ["postgres"]},
            "bills": {"path": "b/.env", "services": ["postgres/bills"]},
        },
        services,
    )
    entry = {"directory": "x", "python": "p/y"}
    bills, logs, own = parse_trees(
        [
            entry | {"name": "bills", "database": "bills"},
            entry | {"name": "logs", "database": "logs"},
            entry,
        ],
        services,
        apps,
    )
    assert (bills.user, bills.secret, bills.env_app, bills.url_variable) == (
        *("billing", "POSTGRES_BILLING_PASSWORD", "bills", "POSTGRES_BILLS_URL"),
    )
    assert (logs.user, logs.secret, logs.env_app) == ("app", "POSTGRES_PASSWORD", "")
    assert (own.user, own.env_app) == ("app", "app")
    with pytest.raises(GroundworkError, match="no database 'bill'"):
        parse_trees([entry | {"database": "bill"}], services, apps)


def test_values_of_the_environment_are_text() -> None:
    (tree,) = parse(
        {"directory": "x", "environment": {"DEBUG": True, "PORT": 1, "HOST": "$PGHOST"}}
    )
    assert tree.environment == {"DEBUG": "true", "PORT": "1", "HOST": "$PGHOST"}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({}, "schema_trees[0].directory is missing"),
        ("backend", "schema_trees[0] must be a dictionary"),
        ({"directory": "x", "pyhton": "y"}, "pyhton: unknown option. Did you mean 'python'?"),
        ({"directory": "x", "name": "a b"}, "'a b' takes letters"),
        ({"directory": "x", "service": "redis"}, "redis is no PostgreSQL"),
        ({"directory": "x", "service": "report"}, "no service 'report'. Did you mean 'reports'?"),
        ({"directory": "x", "python": "uv run python"}, "a command is a list, [uv, run, python]"),
        ({"directory": "x", "python": {"a": 1}}, "must be the path of a Python, or a command"),
        ({"directory": "x", "environment": ["A=1"]}, "environment must be a dictionary"),
        ({"directory": "x", "environment": {"a b": 1}}, "environment.a b: no name of a variable"),
        ({"directory": "x", "environment": {"A": [1]}}, "environment.A must be text"),
        ({"directory": "x", "env_app": "backnd"}, "no app 'backnd'. Did you mean 'backend'?"),
        ({"directory": "x", "env_app": "inside"}, "addresses of inside are for another place"),
        ({"directory": "x", "run_on": "controler"}, "Did you mean 'controller'?"),
        ({"directory": ["x"]}, "schema_trees[0].directory must be text"),
    ],
)
def test_a_mistake_is_named(entry: Any, words: str) -> None:
    with pytest.raises(GroundworkError) as caught:
        parse(entry)
    assert words in str(caught.value)


def test_two_trees_of_one_name_are_refused() -> None:
    with pytest.raises(GroundworkError, match="two trees are called shop"):
        parse({"directory": "shop/alembic"}, {"directory": "old/shop/migrations"})
    with pytest.raises(GroundworkError, match="must be a list"):
        parse_trees({"directory": "x"}, SERVICES, APPS)


def test_without_a_service_the_postgresql_has_to_be_plain() -> None:
    several = [each for each in SERVICES if each.name != "postgres"]
    several += parse_services({"third": POSTGRES | {"port": 1}})
    with pytest.raises(GroundworkError, match="there are: reports, third"):
        parse_trees([{"directory": "x"}], several, [])


def test_the_tree_of_schema_dir_has_no_name() -> None:
    assert nameless_tree("", "", "", SERVICES) is None
    found = nameless_tree("/x/alembic", "reports", "", SERVICES)
    assert found == SchemaTree(
        *("", "reports", "reports", "/x/alembic"),
        user="app",
        secret="REPORTS_PASSWORD",
        url_variable="REPORTS_URL",
    )
    assert nameless_tree("/x", "", "", []) == SchemaTree("", "", "", "/x")


@pytest.mark.parametrize(
    ("names", "target", "tree", "stamp", "words"),
    [
        (["shop", "orders"], "-1", "", "", "schema_target: -1 is for one tree, and there are 2"),
        (["shop", "orders"], "head", "", "a1", "schema_stamp: a1 is for one tree"),
        (["shop", "orders"], "head", "shpo", "", "no tree 'shpo'. Did you mean 'shop'?"),
        ([], "head", "shop", "", "That of schema_dir has no name"),
        (["shop"], "-1", "", "a1", "Both schema_target (-1) and schema_stamp (a1)"),
    ],
)
def test_a_target_or_a_stamp_is_for_one_tree_that_is_there(
    names: list[str], target: str, tree: str, stamp: str, words: str
) -> None:
    with pytest.raises(GroundworkError) as caught:
        check_target(names, target, tree, stamp)
    assert words in str(caught.value)
    check_target(["shop", "orders"], "head", "", "")
    check_target(["shop", "orders"], "-1", "orders", "")
    check_target(["shop"], "head", "", "a1")
