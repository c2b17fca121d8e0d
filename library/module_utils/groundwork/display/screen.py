"""Where lines go: the terminal with its live line, or a pipe with a plain line now and then."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from typing import Any, Protocol

from .text import Line, line, marks_for, plain
from .ticker import LiveLine, Ticker


class Display(Protocol):
    """As much of Ansible's Display as is used here."""

    display: Callable[..., None]
    _lock: AbstractContextManager[object]


class Screen:
    """Prints lines through Ansible's Display, and owns the ticker and the live line.

    `paint(text, style)` colours a piece of text. `live` asks for the live line, which only a
    terminal gets; `first_tick` is in seconds.
    """

    def __init__(
        self, display: Display, paint: Callable[[str, str], str], live: bool, first_tick: float
    ) -> None:
        self._display = display
        self._paint = paint
        self.marks = marks_for(getattr(sys.stdout, "encoding", None))
        self.live: LiveLine | None = None
        if live and sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
            self.live = LiveLine(sys.stdout, display._lock)
            self._guard(self.live)
        self.ticker = Ticker(
            self.marks,
            time.monotonic,
            draw=self.live.draw if self.live else None,
            say=None if self.live else self._say,
            first=max(first_tick, 0.1),
            width=_columns,
        )

    def print(self, lines: Iterable[Line], stderr: bool = False) -> None:
        """Show the lines, and put them into Ansible's log without colours."""
        with suppress(BrokenPipeError):  # `| head` has read enough
            for each in lines:
                (bare,) = plain([each])
                coloured = "".join(self._paint(span.text, span.style) for span in each)
                self._display.display(coloured.rstrip(), stderr=stderr, screen_only=True)
                self._display.display(bare.rstrip(), log_only=True)
            sys.stdout.flush()

    def clear(self) -> None:
        """Take the live line away; the next tick draws it again if something is running."""
        if self.live:
            self.live.erase()

    def close(self) -> None:
        """No more ticks, and no live line is left behind. Safe to call twice."""
        self.ticker.close()
        self.clear()

    def width(self) -> int:
        """The terminal's columns; 0 where lines may be as long as they like."""
        return _columns() if sys.stdout.isatty() else 0

    def _say(self, text: str) -> None:
        self.print([line(("  " + text, "dim"))])

    def _guard(self, live: LiveLine) -> None:
        """Every line that Ansible prints, from any thread, first makes room for itself."""
        parent, lock, display = os.getpid(), self._display._lock, self._display.display

        def guarded(*args: Any, **kwargs: Any) -> None:
            if os.getpid() != parent:  # a worker: it only sends its lines to the parent
                return display(*args, **kwargs)
            with lock:
                live.erase()
                return display(*args, **kwargs)

        self._display.display = guarded


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns - 1
    except (OSError, ValueError):
        return 79
