"""Elapsed time, with a clock that the test turns."""

from __future__ import annotations

import io
import threading
import time

from ansible.module_utils.groundwork.display.text import ASCII
from ansible.module_utils.groundwork.display.ticker import (
    ERASE,
    LiveLine,
    Ticker,
    tick_text,
    tick_times,
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_plain_lines_become_rarer() -> None:
    assert tick_times(10, 9) == []
    assert tick_times(10, 200) == [10, 30, 60, 120, 180]


def test_the_text_fits_its_width() -> None:
    assert tick_text("Images: build", 12.4, ASCII) == "... Images: build (12 s)"
    assert tick_text("Images: build", 61, ASCII, width=24) == "... Imag... (1 min 01 s)"
    assert len(tick_text("x" * 200, 12, ASCII, width=40)) == 40


def test_each_plain_line_comes_once() -> None:
    clock, said = Clock(), []
    ticker = Ticker(ASCII, clock, say=said.append)
    ticker.start("a", "Work")
    for clock.now in (1, 9, 10, 11, 29, 31, 45):
        ticker.tick()
    assert said == ["... Work (10 s)", "... Work (31 s)"]
    assert ticker.done("a") == 45
    clock.now = 100
    ticker.tick()
    assert len(said) == 2
    ticker.close()


def test_the_live_line_is_drawn_each_time_but_not_for_short_work() -> None:
    clock, drawn = Clock(), []
    ticker = Ticker(ASCII, clock, draw=drawn.append)
    ticker.start("a", "Work")
    clock.now = 0.5
    ticker.tick()
    clock.now = 2
    ticker.tick()
    ticker.rename("a", "Work, again")
    ticker.tick()
    assert drawn == ["... Work (2 s)", "... Work, again (2 s)"]
    ticker.close()


def test_it_can_start_again_after_it_was_closed() -> None:
    heard = threading.Event()
    ticker = Ticker(ASCII, time.monotonic, say=lambda text: heard.set(), first=0.1)
    ticker.start("a", "One")
    ticker.close()
    heard.clear()
    ticker.start("b", "Two")
    assert heard.wait(10)
    ticker.close()


def test_unknown_work_took_no_time() -> None:
    assert Ticker(ASCII, Clock()).done("nothing") == 0


def test_erasing_writes_only_where_something_is_shown() -> None:
    stream = io.StringIO()
    live = LiveLine(stream, threading.RLock())
    live.erase()
    assert stream.getvalue() == ""
    live.draw("x")
    live.erase()
    live.erase()
    assert stream.getvalue() == f"{ERASE}x{ERASE}"


def test_a_closed_stream_ends_no_run() -> None:
    stream = io.StringIO()
    live = LiveLine(stream, threading.RLock())
    live.draw("x")
    stream.close()
    live.erase()
