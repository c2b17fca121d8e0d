"""What PostgreSQL says of settings, read."""

from __future__ import annotations

from ansible.module_utils.groundwork.services import settings
from ansible.module_utils.groundwork.services.postgres_settings import SETTINGS

KNOWN = ("work_mem", "max_connections")


def said(text: str, code: int = settings.REFUSED) -> list[str]:
    return SETTINGS.refusal(code, text, KNOWN)


def test_the_sentence_is_found_whatever_stands_before_it() -> None:
    text = "2026-11-27 11:49:05 UTC [23] FATAL:  no memory\n%x [1] HINT:  take less\n"
    assert said(text + "2026 LOG:  starting") == ["no memory", "take less"]


def test_a_near_miss_is_named_and_a_far_one_is_not() -> None:
    text = 'FATAL:  unrecognized configuration parameter "{}"'
    assert said(text.format("Max_Connection"))[1:] == ["Did you mean 'max_connections'?"]
    assert len(said(text.format("xyz"))) == 1


def test_what_has_no_level_is_shown_by_its_last_lines() -> None:
    assert said("a\nb\nc\nd\n") == ["b", "c", "d"]


def test_of_a_server_that_starts_only_removed_settings_count() -> None:
    text = '1 WARNING:  invalid value for parameter "a.b": "x"\n1 WARNING:  other\n1 ERROR:  x\n'
    assert said(text, 0) == ['invalid value for parameter "a.b": "x"']
