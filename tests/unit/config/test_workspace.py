"""What an app's own groundwork.yml says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.workspace import (
    check_workspace,
    of_group,
    of_workspace,
    unknown_names,
    vault_file,
    workspace_files,
)
from ansible.module_utils.groundwork.errors import GroundworkError

FILE = Path("/home/me/my shop/groundwork.yml")


def absolute(text: str) -> str:
    return f"/home/me/my shop/{text}"


def test_one_line_is_enough_and_nothing_of_the_checkouts_own_apps_and_tree_is_left() -> None:
    found = of_workspace({"stack_name": "shop"}, FILE, absolute)
    assert found["stack_name"] == "shop"
    assert found["workspace_dir"] == "/home/me/my shop/."
    assert (found["env_files_apps"], found["schema_dir"]) == ({}, "")
    assert "stack_services" not in found, "those of stack.yml are good for a start"


def test_what_the_file_says_counts() -> None:
    given = {"stack_name": "shop", "schema_dir": "db/alembic", "env_files_apps": {"a": {}}}
    found = of_workspace(given, FILE, absolute)
    assert found["schema_dir"] == "/home/me/my shop/db/alembic"
    assert found["env_files_apps"] == {"a": {}}


@pytest.mark.parametrize("text", ["/abs", "~/x", "{{ x }}/y", "", None, 3])
def test_a_path_that_is_no_relative_one_stays(text: Any) -> None:
    assert of_group({"schema_dir": text}, FILE, absolute)["schema_dir"] == text


def test_paths_of_trees_and_certificates_count_from_the_file_too() -> None:
    tree = {"directory": "db", "python": ".venv/bin/python", "service": "postgres"}
    more = [{"python": "uv run"}, {"python": ["poetry", "run"]}, {"python": ["./py", "-I"]}]
    service = {"warehouse": {"ca_file": "certs/ca.pem", "host": "db.example.com"}}
    found = of_group(
        {"schema_trees": [tree, *more, "wrong"], "stack_services_changes": service}, FILE, absolute
    )
    first, second, third, fourth, wrong = found["schema_trees"]
    assert first["directory"] == absolute("db")
    assert first["python"] == absolute(".venv/bin/python")
    assert first["service"] == "postgres"
    assert (second["python"], third["python"]) == ("uv run", ["poetry", "run"])
    assert fourth["python"] == [absolute("./py"), "-I"]
    assert wrong == "wrong"
    assert found["stack_services_changes"]["warehouse"]["ca_file"] == absolute("certs/ca.pem")
    assert found["stack_services_changes"]["warehouse"]["host"] == "db.example.com"


def test_anchors_are_a_persons_own() -> None:
    assert of_group({"x-common": {"memory": "1g"}, "stack_name": "a"}, FILE, absolute) == {
        "stack_name": "a"
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "what its stack is called"),
        ({"stack_limits": {}}, "what its stack is called"),
        (["a"], "doesn't hold variables"),
        ("text", "doesn't hold variables"),
    ],
)
def test_a_file_that_is_no_workspaces_is_refused(given: Any, said: str) -> None:
    with pytest.raises(GroundworkError) as caught:
        of_workspace(given, FILE, absolute)
    assert said in str(caught.value)
    assert str(FILE) in str(caught.value)
    assert caught.value.next_step


def test_a_directory_without_the_file_is_told_the_line_that_makes_it_one(tmp_path: Path) -> None:
    shop = tmp_path / "My Shop!"
    with pytest.raises(GroundworkError, match="There is no directory"):
        check_workspace(shop, {"all"})
    shop.mkdir()
    with pytest.raises(GroundworkError) as caught:
        check_workspace(shop, {"all"})
    assert "has no groundwork.yml" in str(caught.value)
    assert "stack_name: my-shop" in str(caught.value)
    (shop / "groundwork.yml").touch()
    check_workspace(shop, {"all"})


@pytest.mark.parametrize("name", ["groundwork.stagin.yml", "groundwork.stagin.vault.yml"])
def test_a_file_of_a_group_that_is_not_is_refused(tmp_path: Path, name: str) -> None:
    for good in ("groundwork.yml", "groundwork.staging.yml", "groundwork.staging.vault.yml"):
        (tmp_path / good).touch()
    check_workspace(tmp_path, {"all", "dev", "staging"})
    (tmp_path / name).touch()
    with pytest.raises(GroundworkError, match="Did you mean 'staging'"):
        check_workspace(tmp_path, {"all", "dev", "staging"})


def test_the_files_of_a_group() -> None:
    here = Path("/shop")
    assert workspace_files(here, "all") == [here / "groundwork.yml"]
    own = [here / "groundwork.qa.vault.yml", here / "groundwork.qa.yml"]
    assert workspace_files(here, "qa") == own
    assert vault_file(here, "qa") == own[0]


def test_unknown_names_are_said_with_the_near_one() -> None:
    known = ["stack_name", "stack_limits", "schema_dir"]
    given = {"stack_name": 1, "x-mine": 1, "ansible_user": 1, "stack_lmits": 1, "colour": 1}
    near, far = unknown_names(given, known)
    assert near == "stack_lmits: no such variable. Did you mean 'stack_limits'?"
    assert "colour: no such variable." in far
    assert "docs/variables.md" in far
