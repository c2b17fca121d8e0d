"""What Redis says of settings, read."""

from __future__ import annotations

from ansible.module_utils.groundwork.services import settings
from ansible.module_utils.groundwork.services.redis_settings import SETTINGS

TEXT = """
*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***
Reading the configuration file, at line 2
>>> 'maxmemory_policy "allkeys-lru"'
Bad directive or wrong number of arguments
"""


def test_the_line_and_the_reason_are_one_sentence_with_a_near_miss() -> None:
    found = SETTINGS.refusal(settings.REFUSED, TEXT, ("hz", "maxmemory-policy"))
    line = 'maxmemory_policy "allkeys-lru": Bad directive or wrong number of arguments'
    assert found == [line, "Did you mean 'maxmemory-policy'?"]
    assert SETTINGS.refusal(settings.REFUSED, TEXT, ("hz",)) == [line]


def test_a_name_that_it_knows_gets_no_hint() -> None:
    known = ("maxmemory_policy", "maxmemory-policy")
    assert len(SETTINGS.refusal(settings.REFUSED, TEXT, known)) == 1


def test_other_words_are_shown_by_their_last_lines() -> None:
    assert SETTINGS.refusal(settings.REFUSED, "a\nb\nc\nd", ()) == ["b", "c", "d"]
    assert SETTINGS.refusal(0, "a", ()) == []


def test_its_warnings_on_the_machine_are_left_out() -> None:
    text = "8:M # WARNING Memory overcommit\n8:M # Can't load module from /x.so: server aborting\n"
    assert SETTINGS.refusal(settings.REFUSED, text, ()) == [text.splitlines()[1]]
