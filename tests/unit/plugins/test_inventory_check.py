"""inventory_check in real runs of ansible-playbook, with the project's own group_vars."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOK = """
- hosts: dev
  gather_facts: false
  tasks:
    - ansible.builtin.import_role: {name: inspect, tasks_from: inventory_check}
    - ansible.builtin.debug: {msg: went on}
"""


class Inventory:
    """A directory with an inventory and a playbook that checks it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        variables = directory / "inventory" / "group_vars"
        variables.mkdir(parents=True)
        (variables / "all").symlink_to(ROOT / "tests" / "group_vars" / "all")
        (directory / "play.yml").write_text(PLAYBOOK, encoding="utf-8")

    def check(self, **hosts: dict[str, Any]) -> tuple[bool, str]:
        """Whether it passed, and all that was said. Each host with its own variables."""
        given = {name: {"ansible_connection": "local"} | own for name, own in hosts.items()}
        path = self.directory / "inventory" / "hosts.yml"
        path.write_text(json.dumps({"dev": {"hosts": given}}), encoding="utf-8")
        done = subprocess.run(
            [Path(sys.executable).with_name("ansible-playbook"), "-v", "-i", path, "play.yml"],
            cwd=self.directory,
            env=os.environ
            | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_STDOUT_CALLBACK": "default"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode == 0, done.stdout + done.stderr

    def checked(self, **hosts: dict[str, Any]) -> int:
        """How many variables were checked."""
        passed, said = self.check(**hosts)
        assert passed, said
        (number,) = re.findall(r"^ *checked: (\d+)", said, re.MULTILINE)
        return int(number)


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return Inventory(tmp_path)


def test_hosts_with_the_same_variables_are_checked_once(inventory: Inventory) -> None:
    one = inventory.checked(one={})
    assert one > 40
    # How a host is reached makes no difference to its stack
    assert inventory.checked(one={"ansible_port": 1}, two={"ansible_port": 2}, three={}) == one
    assert inventory.checked(
        one={}, two={"stack_name": "other"}, three={"stack_name": "other"}
    ) == (2 * one)


def test_passwords_are_checked_on_each_host_though_the_text_is_the_same(
    inventory: Inventory,
) -> None:
    good = {name: secrets.token_hex(16) for name in ("postgres", "qdrant", "redis")}
    both = {
        "stack_require_secrets": True,
        "passwords_of": {"one": good, "two": good | {"redis": "short"}},
        "vault_passwords": "{{ passwords_of[inventory_hostname] }}",
    }
    assert inventory.checked(one=both)
    passed, said = inventory.check(one=both, two=both)
    assert not passed
    assert "two: " in said
    assert "redis" in said


@pytest.mark.parametrize("own", [{"stack_require_secrets": "perhaps"}, {"stack_require_secret": 1}])
def test_whether_passwords_are_required_is_no_matter_of_spelling(
    inventory: Inventory, own: dict[str, Any]
) -> None:
    passed, said = inventory.check(one=own)
    assert not passed
    assert "stack_require_secrets" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"stack_limits": {"memory": "much"}}, "stack_limits.memory"),
        ({"stack_helth_timeout": 5}, "Did you mean 'stack_health_timeout'?"),
        ({"observe_lock_wait": 5}, "observe_lock_wait is inspect_lock_wait now."),
        ({"images_services": {}}, "images_services is stack_services now."),
        ({"stack_health_timeout": "soon"}, "stack_health_timeout"),
        ({"stack_require_secrets": True}, "postgres"),
        ({"env_files_apps": "{{ aps }}"}, "env_files_apps can't be worked out"),
    ],
)
def test_a_mistake_of_one_host_stops_all_and_names_it(
    inventory: Inventory, own: dict[str, Any], said: str
) -> None:
    passed, text = inventory.check(one={}, two=own, three={})
    assert not passed
    assert said in text
    assert "two: " in text
    assert "went on" not in text
    assert "Traceback" not in text


def test_a_variable_of_the_first_host_is_not_the_next_ones(inventory: Inventory) -> None:
    text = (ROOT / "tests/group_vars/all/stack.yml").read_text(encoding="utf-8")
    cache = {"kind": "redis", "image": "redis:7-alpine", "port": 6380, "url_variable": "CACHE_URL"}
    both = {
        "usual": yaml.safe_load(text)["stack_services"],
        "stack_services": "{{ usual | combine(more | default({})) }}",
        "env_files_apps": {"app": {"path": ".env", "services": ["cache"]}},
    }
    passed, said = inventory.check(one=both | {"more": {"cache": cache}}, two=both)
    assert not passed
    assert "two: " in said
    assert "'cache'" in said


def test_a_workspaces_files_hold_groundworks_variables_alone(
    inventory: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDWORK_WORKSPACE", str(tmp_path / "my shop"))
    file = tmp_path / "my shop" / "groundwork.yml"
    file.parent.mkdir()
    file.write_text("stack_name: shop\nx-mine: 1\nimages_sources: [present]\n", encoding="utf-8")
    assert inventory.checked(one={})
    file.write_text("stack_name: shop\nstack_servces: {}\ncolour: red\n", encoding="utf-8")
    passed, said = inventory.check(one={})
    assert not passed
    assert "stack_servces: no such variable. Did you mean 'stack_services'?" in said
    assert "colour: no such variable." in said
    assert str(file) in said
    file.write_text("stack_name: shop\n", encoding="utf-8")
    group = file.with_name("groundwork.dev.yml")
    group.write_text("stack_limts: {}\n", encoding="utf-8")
    passed, said = inventory.check(one={})
    assert not passed
    assert f"Where: {group}" in said
