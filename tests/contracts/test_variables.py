"""Where a variable comes from: which may cross from one role to another, and by how many hops."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.groundwork.config.variables import name_problems

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
# Compares what all roles want with what is there
READS_ALL = "inspect"
HOPS = 2
EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|(?:when|that|until|failed_when): .*", re.DOTALL)


def load(path: Path) -> dict[str, Any]:
    found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found or {}


def spec_of(role: str) -> set[str]:
    spec = load(ROOT / "roles" / role / "meta" / "argument_specs.yml")
    return set(spec["argument_specs"]["main"]["options"])


def words(text: str) -> set[str]:
    """The names that the expressions in a text have; not what stands in quotes, and no key."""
    read = " ".join(EXPRESSION.findall(text))
    return set(re.findall(r"(?<![\w.])[a-z_]\w*", re.sub(r"'[^']*'", "", read)))


@pytest.mark.parametrize("role", ROLES)
def test_of_another_roles_variables_a_role_reads_the_stacks_alone(role: str) -> None:
    others = {name for other in ROLES for name in spec_of(other)} - spec_of(role)
    for directory in ("tasks", "handlers", "defaults", "vars", "templates"):
        for path in (ROOT / "roles" / role / directory).rglob("*.*"):
            read = words(path.read_text(encoding="utf-8")) & others
            crossed = {name for name in read if not name.startswith("stack_")}
            assert role == READS_ALL or not crossed, path


@pytest.mark.parametrize("role", ROLES)
def test_no_role_reads_what_another_registered(role: str) -> None:
    registered = {
        name: path.relative_to(ROOT / "roles").parts[0]
        for path in (ROOT / "roles").rglob("*.yml")
        for name in re.findall(r"register: (\w+)", path.read_text(encoding="utf-8"))
    }
    for path in (ROOT / "roles" / role).rglob("*.yml"):
        for name in words(path.read_text(encoding="utf-8")) & set(registered):
            assert registered[name] == role, path


@cache
def sources() -> dict[str, set[str]]:
    """Of each variable of the inventory and of a role's defaults, those that its value names."""
    files = [
        *(ROOT / "inventory" / "group_vars").rglob("*.yml"),
        *(ROOT / "roles").glob("*/defaults/main.yml"),
    ]
    values: dict[str, list[Any]] = {}
    for path in files:
        for name, value in load(path).items():
            values.setdefault(name, []).append(value)
    texts = {name: yaml.safe_dump(value, width=10**6) for name, value in values.items()}
    return {name: words(text) & set(texts) - {name} for name, text in texts.items()}


def hops(name: str) -> int:
    return max((1 + hops(each) for each in sources()[name]), default=0)


@pytest.mark.parametrize("name", sorted(sources()))
def test_a_variable_is_at_most_two_hops_from_its_source(name: str) -> None:
    assert hops(name) <= HOPS, sources()[name]


def test_the_hops_are_seen() -> None:
    assert sources()["stack_dir"] == {"workspace_dir"}
    assert hops("stack_sent_dir") == 1 < hops("images_build_dir") == 2


def test_no_variable_of_the_inventory_is_taken_for_a_near_miss_of_another() -> None:
    """inventory_check would refuse every run with it."""
    inventory = [load(path) for path in (ROOT / "inventory" / "group_vars").rglob("*.yml")]
    names = {name for variables in inventory for name in variables}
    assert name_problems(names, {role: list(spec_of(role)) for role in ROLES}) == []
