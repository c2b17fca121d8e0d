"""The callback in a terminal: what its live line leaves behind."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from display.playbook_runner import PlaybookRunner, fake, screen


@pytest.fixture
def runner(tmp_path: Path) -> PlaybookRunner:
    return PlaybookRunner(tmp_path)


def test_the_live_line_leaves_nothing_behind(runner: PlaybookRunner) -> None:
    runner.play([
        fake("slow | Work", {}, seconds=2.6, warn="in between"),
        fake("quick", {"changed": True}),
    ])  # fmt: skip
    received = runner.run_on_terminal()
    assert re.search(r"… A play: Work \(\d s\)", received), received
    shown = screen(received)
    assert "(2 s)" not in shown and "A play: Work" not in shown, shown
    assert "changed   quick" in shown  # the line after the live one starts at the left
    assert "changed=1" in shown
    assert "\x1b[" in received  # colours, on a terminal


def test_an_interrupted_run_leaves_no_live_line(runner: PlaybookRunner) -> None:
    runner.play([fake("slow | Work", {}, seconds=50)])
    started = time.monotonic()
    received = runner.run_on_terminal(interrupt_at="… A play: Work".encode())
    assert time.monotonic() - started < 45  # it was the interrupt that ended it
    assert "… A play: Work" in received
    assert "Work" not in screen(received)
    assert "interrupted" in screen(received)
    assert "Traceback" not in received
