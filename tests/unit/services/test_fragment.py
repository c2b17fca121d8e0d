"""A person's values in YAML that Compose reads."""

from __future__ import annotations

import pytest
import yaml
from ansible.module_utils.groundwork.services.fragment import in_yaml, literal


@pytest.mark.parametrize("text", ["", "a$b ${HOME}", "é \U0001f600", "'\" \\ : # { [ - "])
def test_a_value_stays_what_it_is_in_one_line(text: str) -> None:
    written = in_yaml(literal(text))
    assert written.isprintable()
    assert yaml.safe_load(f"- {written}") == [text.replace("$", "$$")]
