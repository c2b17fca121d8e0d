"""Text for people: secrets out of sight, near misses, and lines that fit."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.text import (
    clean,
    did_you_mean,
    masked,
    masked_url,
    one_line,
    shortened,
)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://app:hunter2@127.0.0.1:5432/app", "postgresql://app:***@127.0.0.1:5432/app"),
        ("redis://:hunter2@localhost:6379/0", "redis://:***@localhost:6379/0"),
        ("http://localhost:6333", "http://localhost:6333"),
        ("redis://:***@localhost:6379/0", "redis://:***@localhost:6379/0"),
    ],
)
def test_passwords_in_urls_are_masked(url: str, shown: str) -> None:
    assert masked_url(url) == shown


def test_of_two_secrets_the_longer_one_is_masked_first() -> None:
    assert masked("say pass and password", ["pass", "", "password"]) == (
        "say ******** and ********"
    )


def test_a_near_miss_is_named_and_else_all_that_is_known() -> None:
    assert did_you_mean("potgres", ["redis", "postgres"]) == " Did you mean 'postgres'?"
    assert did_you_mean("x", ["redis", "postgres"]) == " Known are: postgres, redis."


def test_shortened() -> None:
    assert shortened("abcdef", 6, "…") == "abcdef"
    assert shortened("abcdef", 4, "…") == "abc…"
    assert shortened("abcdef", 4, "...") == "a..."


def test_a_line_without_breaks_colours_and_ends_in_time() -> None:
    assert one_line("a\n b\tc", 300) == "a b c"
    assert one_line("abcdef", 4) == "abc…"
    assert clean("\x1b[31mred\x1b[0m\r\nand\x00more") == "red and more"
