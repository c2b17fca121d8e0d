"""Single values of the inventory: ports, and texts for .env files."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.values import port_number, unwritable


@pytest.mark.parametrize(("value", "port"), [(80, 80), ("80", 80), (65535, 65535)])
def test_a_port(value: Any, port: int) -> None:
    problems: list[str] = []
    assert port_number("x.port", value, problems) == port
    assert not problems


@pytest.mark.parametrize("value", [0, 65536, -1, True, 80.0, "http", [80], {}])
def test_no_port(value: Any) -> None:
    problems: list[str] = []
    port_number("x.port", value, problems)
    assert problems == [f"x.port is {value!r}; a port is a whole number from 1 to 65535."]


def test_a_missing_port() -> None:
    problems: list[str] = []
    assert port_number("x.port", None, problems) == 0
    assert problems == ["x.port is missing."]


@pytest.mark.parametrize("text", ["", "plain", "a$b", "it's", "a\\b", "#", '"'])
def test_a_text_that_all_readers_read_alike(text: str) -> None:
    assert unwritable(text) == ""


@pytest.mark.parametrize("text", ["a\nb", "\x7f", "a\\", "a\\\\b", "a\\'b", "a${b}"])
def test_a_text_that_they_read_differently(text: str) -> None:
    assert unwritable(text)
