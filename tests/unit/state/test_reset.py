"""What a person may ask to be made anew, and by which words."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.state.reset import Reset, refuse_near, reset_of

SERVICES = parse_services(
    {
        "postgres": {
            "kind": "postgres",
            "image": "postgres:16",
            "port": 5432,
            "databases": {"reports": {}},
        },
        "redis": {"kind": "redis", "image": "redis:7", "port": 6379},
        "warehouse": {
            "kind": "postgres", "external": True, "host": "db.example.com", "password": "x" * 12,
        },
    }
)  # fmt: skip


def reset(asked: str, database: str = "", word: str = "shop", trees: Any = ()) -> Reset:
    return reset_of(asked, database, word, "shop", SERVICES, trees)


def test_a_postgresql_has_databases_and_another_service_goes_as_a_whole() -> None:
    found = reset("postgres")
    assert [each.name for each in found.databases] == ["app", "reports"]
    assert all(each.digest for each in found.databases)
    assert [each.name for each in reset("postgres", "reports").databases] == ["reports"]
    assert reset("redis") == reset("shop/redis") == Reset("redis")


def test_a_shared_machines_stack_has_to_be_named() -> None:
    assert reset("shop@vm/redis", word="shop@vm") == Reset("redis")
    with pytest.raises(GroundworkError, match=r"Give -e service=shop@vm/redis"):
        reset("redis", word="shop@vm")
    with pytest.raises(GroundworkError, match=r"service is shop/redis, but this stack is shop@vm"):
        reset("shop/redis", word="shop@vm")


@pytest.mark.parametrize(
    ("asked", "database", "words"),
    [
        ("", "", "No service is named"),
        ("postgers", "", "no service 'postgers'. Did you mean 'postgres'?"),
        ("shop/", "", "No service is named"),
        ("other/redis", "", "service is other/redis, but this stack is shop"),
        ("postgres", "report", "no database 'report'. Did you mean 'reports'?"),
        ("redis", "app", "redis is no PostgreSQL"),
        ("warehouse", "", "warehouse is external"),
    ],
)
def test_what_is_mistyped_is_refused(asked: str, database: str, words: str) -> None:
    with pytest.raises(GroundworkError) as caught:
        reset(asked, database)
    assert words in str(caught.value)
    assert "Nothing was changed" in str(caught.value)


def test_a_mistyped_database_does_not_mean_all_of_them() -> None:
    refuse_near(["database", "service", "target", "environment"])
    for name in ("databse", "databases", "datebase"):
        with pytest.raises(GroundworkError, match=f"{name}: no such variable"):
            refuse_near(["service", name])


def test_a_tree_on_the_controller_has_no_digest_here(tmp_path: Any) -> None:
    (tmp_path / "env.py").touch()
    tree = {"name": "shop", "service": "postgres", "database": "app", "schema_dir": str(tmp_path)}
    (app,) = reset("postgres", "app", trees=[tree]).databases
    assert app.trees == ("shop",) and app.digest
    (app,) = reset("postgres", "app", trees=[tree | {"controller": tree}]).databases
    assert app.digest == ""
