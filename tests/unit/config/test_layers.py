"""Single options of services over the dictionary below them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.layers import changed, effective_services
from ansible.module_utils.groundwork.errors import GroundworkError

STACK = {
    "postgres": {"kind": "postgres", "port": 5432, "tls": True},
    "mail": {"kind": "container", "ports": {"smtp": 1025, "web": 8025}, "command": ["a", "b"]},
}


def test_one_option_of_one_service_changes_and_nothing_else() -> None:
    before = repr(STACK)
    found = changed(STACK, {"postgres": {"port": 5433}})
    assert found == STACK | {"postgres": {"kind": "postgres", "port": 5433, "tls": True}}
    assert list(found) == list(STACK)
    assert repr(STACK) == before


def test_dictionaries_are_merged_lists_replaced_and_null_takes_out() -> None:
    changes = {"mail": {"ports": {"web": 8026}, "command": ["c"]}, "postgres": {"tls": None}}
    found = changed(STACK, changes)
    assert found["mail"]["ports"] == {"smtp": 1025, "web": 8026}
    assert found["mail"]["command"] == ["c"]
    assert found["postgres"] == {"kind": "postgres", "port": 5432}


def test_a_complete_entry_is_a_service_more() -> None:
    cache = {"kind": "redis", "image": "redis:7-alpine", "port": 6390}
    assert changed(STACK, {"cache": cache}) == STACK | {"cache": cache}


@pytest.mark.parametrize(
    ("services", "changes", "said"),
    [
        (STACK, {"postgrs": {"port": 1}}, "postgrs: no such service. Did you mean 'postgres'?"),
        (STACK, {"postgres": 5433}, "postgres must be a dictionary of options"),
        (STACK, {"mail": None}, "mail must be a dictionary of options"),
        (STACK, [{"postgres": {}}], "stack_services_changes must be a dictionary"),
        ("{{ others }}", {"postgres": {"port": 1}}, "worked out as a whole"),
        (None, {"postgres": {"port": 1}}, "worked out as a whole"),
    ],
)
def test_what_cannot_be_merged_is_refused(services: Any, changes: Any, said: str) -> None:
    with pytest.raises(GroundworkError) as caught:
        changed(services, changes)
    assert said in str(caught.value)
    assert "Next:" in str(caught.value)


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(GroundworkError) as caught:
        changed(STACK, {"a": {}, "b": {}})
    assert len(caught.value.details) == 2


def test_later_layers_win_and_a_whole_dictionary_takes_the_place_of_all_before() -> None:
    layers: list[dict[str, Any]] = [
        {"stack_services": STACK},
        {"stack_services_changes": {"postgres": {"port": 1}}},
        {"stack_services_changes": {"postgres": {"memory": "1g"}}},
    ]
    postgres = {"kind": "postgres", "port": 1, "tls": True, "memory": "1g"}
    assert effective_services(layers)["postgres"] == postgres
    whole = {"stack_services": {"postgres": {"port": 2}}}
    assert effective_services([*layers, whole]) == {"postgres": {"port": 2}}
    assert effective_services([*layers, whole, layers[1]]) == {"postgres": {"port": 1}}
    assert effective_services([{}, {"stack_name": "x"}]) is None
