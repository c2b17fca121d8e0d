"""A vault's text completed with the passwords that it lacks."""

from __future__ import annotations

from itertools import count

import pytest
import yaml
from ansible.module_utils.groundwork.config.vault import with_passwords
from ansible.module_utils.groundwork.errors import GroundworkError

EXISTING = """\
# ours
other: !unsafe "a{{b"
vault_passwords:
    # the old one
    postgres: 'kept'
    redis: gone

more: 1
"""


def fill(text: str, *names: str, renew: tuple[str, ...] = ()) -> tuple[str, list[str]]:
    numbers = count(1)
    return with_passwords(text, names, renew, lambda: f"made{next(numbers)}")


def test_a_new_text_has_them_all() -> None:
    text, made = fill("", "postgres", "redis")
    assert yaml.safe_load(text) == {"vault_passwords": {"postgres": "made1", "redis": "made2"}}
    assert made == ["postgres", "redis"]


def test_what_is_there_stays_and_what_is_missing_comes_below() -> None:
    text, made = fill(EXISTING, "postgres", "qdrant", "redis")
    assert made == ["qdrant"]
    assert text == EXISTING.replace("redis: gone\n", "redis: gone\n    qdrant: made1\n")


def test_a_renewed_one_is_replaced_in_its_line() -> None:
    text, made = fill(EXISTING, "postgres", "redis", renew=("redis",))
    assert made == ["redis"]
    assert text == EXISTING.replace("redis: gone", "redis: made1")


@pytest.mark.parametrize("start", ["vault_passwords: {}\n", "a: 1\n", "vault_passwords:\n", "\n"])
def test_whatever_it_starts_from(start: str) -> None:
    text, _ = fill(start, "redis")
    assert yaml.safe_load(text)["vault_passwords"] == {"redis": "made1"}


def test_an_empty_password_is_filled() -> None:
    text, made = fill("vault_passwords:\n  redis: ''\n", "redis")
    assert (yaml.safe_load(text)["vault_passwords"], made) == ({"redis": "made1"}, ["redis"])


def test_one_line_is_refused() -> None:
    with pytest.raises(GroundworkError, match="in one line"):
        fill("vault_passwords: {redis: x}\n", "redis")
