"""The entries of containers that the docs and stack.yml show are ones that Groundwork takes."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import pytest
import yaml
from ansible.module_utils.groundwork.config.services import parse_services
from project import ROOT
from rendered import compose

PAGE = (ROOT / "docs/services.md").read_text(encoding="utf-8")
STACK = (ROOT / "inventory/group_vars/all/stack.yml").read_text(encoding="utf-8")
BLOCKS = [
    yaml.safe_load(textwrap.dedent(block))
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
]


def entries() -> list[tuple[str, dict[str, Any]]]:
    found = [block.get("stack_services", block) for block in BLOCKS if "secrets" not in block]
    comment = re.search(r"^#   mail:\n(?:^#     .*\n)+", STACK, re.MULTILINE)
    assert comment, "stack.yml has no example of a container"
    found.append(yaml.safe_load(re.sub(r"^#   ", "", comment[0], flags=re.MULTILINE)))
    return [(name, entry) for services in found for name, entry in services.items()]


@pytest.mark.parametrize(("name", "entry"), entries(), ids=lambda value: str(value)[:20])
def test_an_entry_is_taken(name: str, entry: dict[str, Any]) -> None:
    assert entry["kind"] == "container"
    parse_services({name: entry})
    (service,) = compose({name: entry})["services"].values()
    assert service["read_only"] is True


def test_the_four_are_there_and_go_together() -> None:
    together = dict(entries()[:-1])
    assert set(together) == {"mail", "storage", "queue", "search"}
    parse_services(together)


def test_the_parts_that_show_secrets_are_taken() -> None:
    parts = [block["secrets"] for block in BLOCKS if "secrets" in block]
    assert len(parts) == 2
    entry = {"kind": "container", "image": "x:1", "ports": {"web": 80}, "health": {"tcp": "web"}}
    for secrets in parts:
        parse_services({"mail": entry | {"secrets": secrets}})


def test_every_field_is_in_the_page() -> None:
    from ansible.module_utils.groundwork.config.container import KNOWN

    table = PAGE.partition("## The fields")[2].partition("\n## ")[0]
    assert set(KNOWN) <= set(re.findall(r"`(\w+)`", table))
