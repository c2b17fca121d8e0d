"""Unknown options have a near miss; every mistake is a line of one error."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.config.mistakes import refuse, unknown_options
from ansible.module_utils.groundwork.errors import GroundworkError


def test_an_option_that_isnt_one_is_named_with_a_near_miss() -> None:
    found = unknown_options("stack_services.db", {"port": 1, "prot": 2, "x": 3}, ["image", "port"])
    assert found[0].startswith("stack_services.db.prot: unknown option.")
    assert "'port'" in found[0]
    assert [line.partition(":")[0] for line in found] == [
        "stack_services.db.prot",
        "stack_services.db.x",
    ]


def test_all_mistakes_are_in_one_error_and_none_is_no_error() -> None:
    refuse("stack_services", [])
    with pytest.raises(GroundworkError) as caught:
        refuse("stack_services", ["a is wrong", "b is wrong"])
    assert caught.value.details == ["a is wrong", "b is wrong"]
    assert caught.value.where == "stack_services"
    assert "nothing was changed" in caught.value.what
