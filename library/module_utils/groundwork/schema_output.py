"""What a tree's own code prints while it runs: kept away from the module's answer."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_LIMIT = 20_000  # bytes


class Printed:
    """The text, once the block has ended."""

    text = ""


@contextmanager
def captured() -> Iterator[Printed]:
    """Catch standard output and error, also of what is started inside and of log handlers.

    By file descriptor, since a migration may run a program, and env.py's fileConfig makes
    handlers that outlive the block. Only the last 20,000 bytes are kept.
    """
    printed = Printed()
    with tempfile.TemporaryFile() as file:
        _flush()
        saved = {number: os.dup(number) for number in (1, 2)}
        try:
            for number in saved:
                os.dup2(file.fileno(), number)
            yield printed
        finally:
            _flush()
            for number, copy in saved.items():
                os.dup2(copy, number)
                os.close(copy)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _LIMIT))
            printed.text = file.read().decode("utf-8", "replace").strip()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
