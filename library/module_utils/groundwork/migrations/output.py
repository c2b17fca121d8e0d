"""What a tree's own code prints while it runs: kept away from the module's answer."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

_LIMIT = 20_000  # bytes


class Printed:
    """The text, once the block has ended."""

    text = ""


@contextmanager
def captured() -> Iterator[Printed]:
    """Catch standard output and error, also of what is started inside and of log handlers.

    By file descriptor, since a migration may run a program; and Python's own streams too, which
    Ansible's workers have replaced by others, and warn of what comes there. Only the last 20,000
    bytes are kept.
    """
    printed = Printed()
    with tempfile.TemporaryFile() as file:
        _flush()
        saved = {number: os.dup(number) for number in (1, 2)}
        streams = sys.stdout, sys.stderr
        try:
            for number in saved:
                os.dup2(file.fileno(), number)
            sys.stdout, sys.stderr = _straight(1), _straight(2)
            yield printed
        finally:
            _flush()
            sys.stdout, sys.stderr = streams
            for number, copy in saved.items():
                os.dup2(copy, number)
                os.close(copy)
            printed.text = tail(file)


def tail(file: IO[bytes]) -> str:
    """The last 20,000 bytes of a file as text, from the beginning of a line on."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LIMIT))
    text = file.read()
    if size > _LIMIT and b"\n" in text.rstrip(b"\n"):
        text = text.partition(b"\n")[2]
    return text.decode("utf-8", "replace").strip()


def _straight(number: int) -> io.TextIOWrapper:
    """A stream to a file descriptor, without a buffer, so that all that is printed is in order.

    The handlers that env.py's fileConfig makes keep it, so it stays open when it is let go.
    """
    raw = io.FileIO(number, "w", closefd=False)
    return io.TextIOWrapper(raw, encoding="utf-8", errors="replace", write_through=True)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
