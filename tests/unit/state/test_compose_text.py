"""The Compose file for one machine: what today's stacks have stays as it is to the letter."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.module_utils.groundwork.config import parse_services
from ansible.module_utils.groundwork.services import Service
from ansible.module_utils.groundwork.state.compose_text import for_machine
from container_entry import ENTRY
from rendered import compose_text

ENTRIES: dict[str, Any] = {
    "postgres": {"kind": "postgres", "image": "postgres:16-alpine", "port": 5432},
    "my-redis": {"kind": "redis", "image": "redis:7-alpine", "port": 6379},
    "redis": {"kind": "redis", "image": "redis:7-alpine", "port": 6380},
    "qdrant": {"kind": "qdrant", "image": "qdrant/qdrant:v1.7.4", "port": 6333},
    "mail": ENTRY,
}
SERVICES: list[Service] = parse_services(ENTRIES)
TEXT = compose_text(ENTRIES)


def changed(live: dict[str, int]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parts of the file that differ, by their paths: as they were and as they are."""
    before, after = _flat(yaml.safe_load(TEXT)), _flat(yaml.safe_load(_text(live)))
    keys = {key for key in {**before, **after} if before.get(key) != after.get(key)}
    return ({k: before.get(k) for k in keys}, {k: after.get(k) for k in keys})


def _text(live: dict[str, int], quick_start: bool = True) -> str:
    return for_machine(TEXT, "t", SERVICES, live, quick_start)


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {path: value}
    return {k: v for name in value for k, v in _flat(value[name], f"{path}/{name}").items()}


@pytest.mark.parametrize("live", [{}, {"postgres": 0}, {"gone": 3}])
def test_a_stack_on_its_first_volumes_has_the_same_file(live: dict[str, int]) -> None:
    assert _text(live) == TEXT


def test_an_older_engine_gets_no_start_interval() -> None:
    assert "start_interval" in TEXT
    lines = [line for line in TEXT.splitlines(True) if "start_interval" not in line]
    assert _text({}, quick_start=False) == "".join(lines)


@pytest.mark.parametrize("name", ["postgres", "my-redis", "redis", "qdrant"])
def test_a_later_volume_is_an_external_one_and_a_label(name: str) -> None:
    before, after = changed({name: 12})
    volume, label = f"/volumes/{name}_data", f"/services/{name}/labels/groundwork.generation"
    flavour = f"{volume}/labels/groundwork.flavour"
    assert before.pop(flavour)
    assert after.pop(flavour) is None
    assert before == {f"{volume}/name": f"t_{name}_data", f"{volume}/external": None, label: None}
    assert after == {
        f"{volume}/name": f"t_{name}_data.12",
        f"{volume}/external": True,
        label: f"{name}=12",
    }


def test_of_several_volumes_each_has_its_own() -> None:
    stores = parse_services({"mail": ENTRY})
    text = for_machine(TEXT, "t", stores, {"mail": 1, "mail.conf": 2}, True)
    found = yaml.safe_load(text)
    assert found["volumes"]["mail_data"] == {"name": "t_mail_data.1", "external": True}
    assert found["volumes"]["mail.conf_data"] == {"name": "t_mail.conf_data.2", "external": True}
    assert found["services"]["mail"]["labels"]["groundwork.generation"] == "mail=1 mail.conf=2"
    one = yaml.safe_load(for_machine(TEXT, "t", stores, {"mail.conf": 2}, True))
    assert one["volumes"]["mail_data"]["name"] == "t_mail_data"
    assert one["services"]["mail"]["labels"]["groundwork.generation"] == "mail.conf=2"
