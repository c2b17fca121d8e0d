"""The app's side of `foreign`: an `AlembicRun` in the app's interpreter, a line of JSON a message.

Runs there like `alembic_run`: the standard library alone, Python 3.8 or newer. What asks is on
standard input, the answers go to the first standard output. Both are taken away before the tree's
code runs, so that nothing that it prints is an answer, and nothing that it reads a question.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from .alembic_errors import Stopped, facts_of
from .alembic_run import AlembicRun, Listener

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .alembic_run import Plain

MARK = b"\x1egroundwork "  # a wrapper such as `uv run` may print lines of its own
CALLS = ("revisions", "steps", "current", "run", "sql")


class Channel:
    """The way to who asks. Where that is gone, this process and all that it started end at once:
    the server takes back what was under way."""

    def __init__(self, group: int) -> None:
        self._group = group
        self._out, self._in = os.dup(1), os.dup(0)
        os.dup2(2, 1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        self._lines: queue.Queue[Plain] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, message: Plain) -> None:
        """Tell."""
        data = MARK + json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self._out, data) :]

    def receive(self) -> Plain:
        """The next question; waits for it."""
        return self._lines.get()

    def _listen(self) -> None:
        with os.fdopen(self._in, "rb") as stream:
            for line in stream:
                self._lines.put(json.loads(line))
        if self._group and os.getpgrp() == self._group:
            os.killpg(self._group, signal.SIGKILL)
        os._exit(1)


class _Remote(Listener):
    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def decide(self, current: list[str]) -> tuple[str, bool]:
        self._channel.send({"ask": current})
        answer = self._channel.receive()
        if "target" not in answer:
            raise Stopped
        return answer["target"], answer["down"]

    def planned(self, steps: list[Plain]) -> None:
        self._channel.send({"planned": steps})

    def started(self, step: Plain | None) -> None:
        self._channel.send({"started": step})

    def done(self, step: Plain) -> None:
        self._channel.send({"done": step})


def serve(given: Mapping[str, Any]) -> None:
    """Answer calls until one says `end`. `given`: setup, settings, directories (whose files are
    the tree's own) and group, the process group that is for this process alone."""
    channel = Channel(given["group"])
    run, directories = AlembicRun(given["setup"]), given["directories"]
    try:
        with run.opened(given["settings"]):
            channel.send({"ready": sys.executable})
            while "end" not in (call := channel.receive()):
                channel.send(_answer(run, call, channel, directories))
    except BaseException as error:
        channel.send({"failed": facts_of(error, directories)})


def _answer(run: AlembicRun, call: Plain, channel: Channel, directories: list[str]) -> Plain:
    try:
        if call["do"] not in CALLS:
            raise ValueError(call["do"])
        listening = [_Remote(channel)] if call["do"] == "run" else []
        answer = {"result": getattr(run, call["do"])(*call["arguments"], *listening)}
    except BaseException as error:
        answer = {"failed": facts_of(error, directories)}
    sys.stdout.flush()
    sys.stderr.flush()
    return {**answer, "running": run.running, "table": run.version_table}
