"""Names of variables: old and mistyped ones are told, a person's own left alone."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.config.variables import name_problems

SPECS = {
    "stack": ["stack_name", "stack_services", "stack_rotate"],
    "images": ["images_sources"],
    "inspect": ["inspect_min_free_mb"],
}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("images_services", "images_services is stack_services now."),
        ("observe_rotate", "observe_rotate is stack_rotate now."),
        ("observe_min_free_mb", "observe_min_free_mb is inspect_min_free_mb now."),
        ("stack_servces", "stack_servces: no such variable. Did you mean 'stack_services'?"),
        ("image_sources", ""),
        ("stack_of_mine", ""),
        ("stack_name", ""),
        ("my_own", ""),
    ],
)
def test_a_name_of_before_or_nearly_one_is_told(name: str, said: str) -> None:
    assert name_problems([name], SPECS) == ([said] if said else [])
