"""Lines of text as a terminal shows them."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.display.text import (
    ASCII,
    UNICODE,
    age,
    duration,
    marks_for,
    size,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (0.44, "0.4 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min 00 s"),
     (125, "2 min 05 s")],
)  # fmt: skip
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("encoding", "marks"),
    [("utf-8", UNICODE), ("ascii", ASCII), ("latin-1", ASCII), ("nonsense", ASCII), (None, ASCII)],
)
def test_marks_are_those_that_the_stream_can_show(encoding: str | None, marks: object) -> None:
    assert marks_for(encoding) == marks


def test_a_size_and_an_age_as_a_person_says_them() -> None:
    sizes = {0: "0 B", 999: "999 B", 1000: "1.0 kB", 46_870_000: "46.9 MB", 999_960: "1.0 MB"}
    sizes |= {120_300_000_000: "120 GB"}
    assert {number: size(number) for number in sizes} == sizes
    ages = {20: "20 s", 300: "5 min", 7200: "2 h", 86400: "24 h", 3 * 86400: "3 days"}
    assert {seconds: age(seconds) for seconds in ages} == ages
