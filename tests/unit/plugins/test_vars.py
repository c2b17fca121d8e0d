"""The plugin of variables in real runs of ansible-inventory: which layer wins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
HOSTS = {
    "dev": {"hosts": {"laptop": None}},
    "staging": {"hosts": {"vm": None}, "children": {"qa": {"hosts": {"vm2": None}}}},
}
SHOP = {"stack_name": "shop", "stack_limits": {"pids": 7}}


class Inventory:
    """A checkout with an inventory, and a workspace beside it."""

    def __init__(self, directory: Path) -> None:
        self.inventory = directory / "check out" / "inventory"
        self.shop = directory / "my shop"
        variables = self.inventory / "group_vars"
        (variables / "staging").mkdir(parents=True)
        (variables / "all").symlink_to(ROOT / "tests/group_vars/all")
        main = ROOT / "inventory/group_vars/staging/main.yml"
        (variables / "staging/main.yml").symlink_to(main)
        self.hosts(HOSTS)
        self.shop.mkdir()

    def hosts(self, given: Any) -> None:
        (self.inventory / "hosts.yml").write_text(json.dumps(given), encoding="utf-8")

    def group(self, name: str, **variables: Any) -> None:
        file = self.inventory / "group_vars" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(variables), encoding="utf-8")

    def workspace(self, name: str = "groundwork.yml", **variables: Any) -> None:
        (self.shop / name).write_text(json.dumps(variables), encoding="utf-8")

    def run(
        self, host: str, *arguments: str, workspace: str = ""
    ) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).with_name("ansible-inventory")
        given = {"GROUNDWORK_WORKSPACE": workspace} if workspace else {}
        return subprocess.run(
            [program, "-i", self.inventory / "hosts.yml", "--host", host, *arguments],
            cwd=self.shop,
            env=os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")} | given,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def of(self, host: str, *arguments: str, workspace: str = "") -> dict[str, Any]:
        done = self.run(host, *arguments, workspace=workspace)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def refused(self, host: str, *arguments: str, workspace: str = "") -> str:
        done = self.run(host, *arguments, workspace=workspace)
        assert done.returncode != 0, done.stdout
        assert "Traceback" not in done.stderr
        return done.stderr


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return Inventory(tmp_path)


def test_without_any_of_it_nothing_is_different(inventory: Inventory) -> None:
    found = inventory.of("laptop")
    assert found["stack_name"] == "groundwork"
    assert found["stack_services"]["postgres"]["port"] == 5432


def test_a_local_file_changes_one_port_and_no_shared_machine(inventory: Inventory) -> None:
    inventory.group("dev/local.yml", stack_services_changes={"postgres": {"port": 5433}})
    services = inventory.of("laptop")["stack_services"]
    assert (services["postgres"]["port"], services["postgres"]["user"]) == (5433, "app")
    assert services["redis"]["port"] == 6379
    assert inventory.of("vm")["stack_services"]["postgres"]["port"] == 5432


def test_a_workspaces_values_win_over_the_stacks_and_lose_against_the_groups(
    inventory: Inventory,
) -> None:
    inventory.workspace(**SHOP, schema_dir="db/alembic")
    laptop = inventory.of("laptop", workspace=str(inventory.shop))
    assert laptop["stack_name"] == "shop"
    assert laptop["stack_limits"] == {"pids": 7}
    assert laptop["workspace_dir"] == str(inventory.shop)
    assert laptop["schema_dir"] == str(inventory.shop / "db/alembic")
    assert laptop["env_files_apps"] == {}
    shared = inventory.of("vm", workspace=str(inventory.shop))
    assert shared["stack_name"] == "shop"
    assert shared["stack_limits"]["memory"] == "1g"
    assert shared["workspace_dir"] == "/srv/groundwork"
    assert shared["env_files_tunnel_dir"] == str(inventory.shop), "a laptop's files are its own"
    inventory.group("dev/local.yml", stack_name="mine")
    assert inventory.of("laptop", workspace=str(inventory.shop))["stack_name"] == "mine"
    given = inventory.of("laptop", "-e", "stack_name=given", workspace=str(inventory.shop))
    assert given["stack_name"] == "given"


def test_a_workspaces_file_of_a_group_wins_over_that_group_and_loses_below_it(
    inventory: Inventory,
) -> None:
    inventory.workspace(**SHOP)
    inventory.workspace("groundwork.staging.yml", workspace_dir="/srv/shop", stack_name="other")
    inventory.group("qa/main.yml", stack_name="qa")
    found = inventory.of("vm2", workspace=str(inventory.shop))
    assert (found["workspace_dir"], found["stack_name"]) == ("/srv/shop", "qa")
    assert inventory.of("vm", workspace=str(inventory.shop))["stack_name"] == "other"
    assert inventory.of("laptop", workspace=str(inventory.shop))["stack_name"] == "shop"


def test_changes_are_worked_in_layer_by_layer(inventory: Inventory) -> None:
    cache = {"kind": "redis", "image": "redis:7-alpine", "port": 1}
    inventory.workspace(stack_name="shop", stack_services={"cache": cache})
    inventory.workspace("groundwork.staging.yml", stack_services_changes={"cache": {"port": 2}})
    inventory.group("qa/main.yml", stack_services_changes={"cache": {"memory": "2g"}})
    inventory.group("dev/local.yml", stack_services_changes={"cache": {"port": 3}})
    shop = str(inventory.shop)
    assert inventory.of("laptop", workspace=shop)["stack_services"]["cache"]["port"] == 3
    assert inventory.of("vm", workspace=shop)["stack_services"]["cache"]["port"] == 2
    both = inventory.of("vm2", workspace=shop)["stack_services"]
    assert list(both) == ["cache"]
    assert (both["cache"]["port"], both["cache"]["memory"]) == (2, "2g")
    typed = '{"stack_services_changes": {"cache": {"port": 4}}}'
    found = inventory.of("vm2", "-e", typed, workspace=shop)["stack_services"]["cache"]
    assert (found["port"], found["memory"]) == (4, "2g")


def test_a_group_with_a_whole_dictionary_is_not_changed_by_those_above(
    inventory: Inventory,
) -> None:
    inventory.group("staging/more.yml", stack_services_changes={"redis": {"port": 9}})
    assert inventory.of("vm2")["stack_services"]["redis"]["port"] == 9
    inventory.group("qa/main.yml", stack_services={"redis": {"kind": "redis", "port": 1}})
    assert inventory.of("vm2")["stack_services"] == {"redis": {"kind": "redis", "port": 1}}
    inventory.hosts(
        HOSTS | {"dev": {"hosts": {"laptop": {"stack_services_changes": {"redis": {"port": 8}}}}}}
    )
    assert inventory.of("laptop")["stack_services"]["redis"]["port"] == 8


def test_passwords_come_from_the_vault_without_a_line_for_each(inventory: Inventory) -> None:
    services = {
        "cache": {"kind": "redis", "port": 1},
        "own": {"kind": "redis", "port": 2, "password": "mine"},
        "far": {"kind": "redis", "external": True, "host": "x"},
        "mail": {"kind": "container"},
    }
    inventory.workspace(stack_name="shop", stack_services=services)
    found = inventory.of("laptop", workspace=str(inventory.shop))["stack_services"]
    assert found["cache"]["password"] == "{{ vault_passwords['cache'] | default('') }}"
    assert found["own"]["password"] == "mine"
    assert "password" not in found["far"]
    assert "password" not in found["mail"]


def test_who_names_the_workspace(inventory: Inventory) -> None:
    """What is typed, then the environment, then the local file; relative to where it stands."""
    inventory.workspace(**SHOP)
    for name in ("typed", "exported"):
        (inventory.shop / name).mkdir()
        inventory.workspace(f"{name}/groundwork.yml", stack_name=name)
    inventory.group("dev/local.yml", workspace="../my shop")
    assert inventory.of("laptop")["stack_name"] == "shop"
    assert inventory.of("vm")["stack_name"] == "shop", "it isn't the laptop's alone"
    assert inventory.of("laptop", workspace="exported")["stack_name"] == "exported"
    found = inventory.of("laptop", "-e", "workspace=typed", workspace="exported")
    assert found["stack_name"] == "typed"


def test_what_is_wrong_with_a_workspace_is_said(inventory: Inventory) -> None:
    shop = inventory.shop
    assert "has no groundwork.yml" in inventory.refused("laptop", workspace=str(shop))
    assert "There is no directory" in inventory.refused("laptop", "-e", "workspace=nowhere")
    (shop / "groundwork.yml").write_text("stack_name: shop\n  port: [\n", encoding="utf-8")
    said = inventory.refused("laptop", workspace=str(shop))
    assert f"{shop}/groundwork.yml:2" in said
    inventory.workspace(stack_limits={})
    assert "stack_name: NAME" in inventory.refused("laptop", workspace=str(shop))
    inventory.workspace(**SHOP, stack_services_changes={"postgrs": {"port": 1}})
    assert "Did you mean 'postgres'?" in inventory.refused("laptop", workspace=str(shop))
