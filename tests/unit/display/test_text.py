"""Lines of text as a terminal shows them."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.display.text import ASCII, UNICODE, duration, marks_for


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
