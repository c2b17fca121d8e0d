"""The elapsed time of long work: a live line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import TextIO

from ..text import shortened
from .text import Marks, duration

ERASE = "\r\x1b[K"


def tick_times(first: float, upto: float) -> list[float]:
    """When a plain line is due, in seconds: 10, 30, 60 and then every 60 where `first` is 10."""
    times = [first, 3 * first]
    while times[-1] < upto:
        times.append(6 * first * (len(times) - 1))
    return [time for time in times if time <= upto]


def tick_text(label: str, seconds: float, marks: Marks, width: int = 0) -> str:
    """`… Images: build redis (12 s)`, cut to `width` columns where that is given."""
    ending = f" ({round(seconds)} s)" if seconds < 60 else f" ({duration(seconds)})"
    room = width - len(ending) if width else 0
    start = f"{marks.dots} {label}"
    return (shortened(start, room, marks.dots) if room > 0 else start) + ending


class LiveLine:
    """The one line that is drawn over and over. `lock` is held for each write."""

    def __init__(self, stream: TextIO, lock: AbstractContextManager[object]) -> None:
        self._stream = stream
        self._lock = lock
        self._shown = False

    def draw(self, text: str) -> None:
        """Show the text in place of what was there."""
        self._write(ERASE + text, True)

    def erase(self) -> None:
        """Leave an empty line, if anything is shown."""
        if self._shown:
            self._write(ERASE, False)

    def _write(self, text: str, shown: bool) -> None:
        with self._lock, suppress(OSError, ValueError):  # the terminal or the pipe is gone
            self._stream.write(text)
            self._stream.flush()
            self._shown = shown


class Ticker:
    """Knows what is running, and says so once a second from a thread of its own.

    `draw(text)` gets each second's text (a terminal), `say(text)` the rarer plain lines; give one
    of them. `clock` is in seconds. Nothing is said about work that ends within `patience`.
    """

    def __init__(
        self,
        marks: Marks,
        clock: Callable[[], float],
        draw: Callable[[str], None] | None = None,
        say: Callable[[str], None] | None = None,
        first: float = 10.0,
        patience: float = 1.0,
        width: Callable[[], int] = lambda: 0,
    ) -> None:
        self._marks = marks
        self._clock = clock
        self._draw = draw
        self._say = say
        self._first = first
        self._patience = patience
        self._width = width
        self._running: dict[object, tuple[str, float, int]] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, key: object, label: str) -> None:
        """Work begins; `key` names it when it is done."""
        with self._lock:
            self._running[key] = (label, self._clock(), 0)
        if self._thread is None:
            self._ended.clear()
            self._thread = threading.Thread(target=self._run, name="groundwork-tick", daemon=True)
            self._thread.start()

    def rename(self, key: object, label: str) -> None:
        """Another text for the same work."""
        with self._lock:
            if key in self._running:
                self._running[key] = (label, *self._running[key][1:])

    def done(self, key: object) -> float:
        """Work has ended; gives its seconds."""
        with self._lock:
            _, began, _ = self._running.pop(key, ("", self._clock(), 0))
        return self._clock() - began

    def close(self) -> None:
        """Say no more until the next start; after this nothing is drawn any more."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=2)
            self._thread = None
        self._running.clear()

    def tick(self) -> None:
        """One look at what is running; the thread calls this, and tests do.

        Draws after the lock is released: Display's own lock is held as long as a prompt is open.
        """
        with self._lock:
            if not self._running:
                return
            key, (label, began, said) = next(iter(self._running.items()))
            seconds = self._clock() - began
            due = len(tick_times(self._first, seconds))
            self._running[key] = (label, began, due)
        if self._draw and seconds >= self._patience:
            self._draw(tick_text(label, seconds, self._marks, self._width()))
        if self._say and due > said:
            self._say(tick_text(label, seconds, self._marks))

    def _run(self) -> None:
        pause = 1.0 if self._draw else min(1.0, self._first / 2)
        while not self._ended.wait(pause):
            self.tick()
