"""A tree run by the app's own interpreter, which has what the tree imports.

What runs there is `alembic_run`, the same that runs here, sent as text to the interpreter's
standard input: nothing is written to a disk, and no password is in a list of processes. All that
protects stays in this process: the lock, the comparison before and after, the refusals, the limits.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from ..errors import GroundworkError
from .alembic_run import Listener
from .alembic_server import MARK
from .interpreter import Interpreter, program, start
from .output import tail

if TYPE_CHECKING:
    from .alembic_run import Plain

# How long, in seconds, the tree's code may say nothing while no revision is under way: its imports
SILENCE = 120.0
_LEAVE = 5.0  # seconds to end by itself


class TreeFailed(Exception):
    """The tree's code raised something in its interpreter: `facts` of `alembic_errors`."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__(facts["message"])
        self.facts = facts


@dataclass
class ForeignRun:
    """As `AlembicRun`, in the other process."""

    interpreter: Interpreter
    process: subprocess.Popen[bytes]
    log: IO[bytes]
    running: Plain | None = None
    version_table: list[str | None] | None = None
    _stray: list[str] = field(default_factory=list)
    _data: bytes = b""
    _began: float = field(default_factory=time.monotonic)

    def revisions(self) -> list[Plain]:
        """See `AlembicRun`."""
        found: list[Plain] = self._call("revisions")
        return found

    def steps(self, current: Sequence[str], target: str, down: bool) -> list[Plain]:
        """See `AlembicRun`."""
        found: list[Plain] = self._call("steps", list(current), target, down)
        return found

    def current(self) -> list[str] | None:
        """See `AlembicRun`."""
        found: list[str] | None = self._call("current")
        return found

    def sql(self, current: Sequence[str], target: str, down: bool) -> str:
        """See `AlembicRun`."""
        return str(self._call("sql", list(current), target, down))

    def run(self, target: str, listener: Listener) -> None:
        """See `AlembicRun`."""
        refused: BaseException | None = None
        self._send({"do": "run", "arguments": [target]})
        while True:
            message = self._receive()
            if "ask" in message:
                try:
                    wanted, down = listener.decide(message["ask"])
                except BaseException as error:
                    refused = error
                    self._send({"stop": True})
                else:
                    self._send({"target": wanted, "down": down})
            elif "planned" in message:
                listener.planned(message["planned"])
            elif "started" in message:
                self.running = message["started"]
                listener.started(self.running)
            elif "done" in message:
                listener.done(message["done"])
            else:
                self._learn(message)
                if refused:
                    raise refused
                if "failed" in message:
                    raise TreeFailed(message["failed"])
                return

    @property
    def printed(self) -> str:
        """What the tree's code, and what started it, printed until now."""
        return "\n".join([*self._stray, tail(self.log)]).strip()

    def begin(self, given: Mapping[str, Any]) -> None:
        """Send the program. Raises TreeFailed where the tree's libraries aren't there."""
        self._send({**given, "program": program(), "group": self.process.pid})
        message = self._receive()
        if "failed" in message:
            raise TreeFailed(message["failed"])

    def end(self) -> None:
        """Let it go; what doesn't go is killed, with all that it started."""
        if self.process.stdin and not self.process.stdin.closed:
            self._send({"end": True})
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_LEAVE)
        self.kill()

    def kill(self) -> None:
        """End it and all that it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                with suppress(OSError):
                    stream.close()
        self.process.wait()

    def _call(self, name: str, *arguments: Any) -> Any:
        self._send({"do": name, "arguments": arguments})
        message = self._receive()
        self._learn(message)
        if "failed" in message:
            raise TreeFailed(message["failed"])
        return message["result"]

    def _learn(self, message: Plain) -> None:
        self.running = message.get("running", self.running)
        self.version_table = message.get("table", self.version_table)

    def _send(self, message: Plain) -> None:
        stream = self.process.stdin
        assert stream
        with suppress(BrokenPipeError):  # what is read next says why
            stream.write(json.dumps(message).encode() + b"\n")
            stream.flush()

    def _receive(self) -> Plain:
        """The next message. Raises GroundworkError where the process ends or says nothing."""
        stream = self.process.stdout
        assert stream
        silent_at = time.monotonic() + SILENCE
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while True:
                line, found, rest = self._data.partition(b"\n")
                if found:
                    self._data = rest
                    # A wrapper's own words may have had no end of their line
                    words, mark, answer = line.partition(MARK)
                    if words.strip():
                        self._stray.append(words.decode("utf-8", "replace").rstrip())
                    if mark:
                        message: Plain = json.loads(answer)
                        return message
                    continue
                left = self._left(silent_at)
                if left is not None and left <= 0:
                    raise self._too_long()
                if selector.select(left):
                    data = os.read(stream.fileno(), 65536)
                    if not data:
                        raise self._ended()
                    self._data += data

    def _left(self, silent_at: float) -> float | None:
        """Seconds until the nearest limit."""
        limits = [] if self.running else [silent_at]
        if self.interpreter.limit:
            limits.append(self._began + self.interpreter.limit)
        return min(limits) - time.monotonic() if limits else None

    def _last_lines(self) -> list[str]:
        return self.printed.splitlines()[-10:]

    def _ended(self) -> GroundworkError:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_LEAVE)
        code = self.process.poll()
        how = "closed its output" if code is None else f"ended (exit status {code})"
        if code is not None and code < 0:
            how = f"was killed (signal {-code})"
        return GroundworkError(
            f"The tree's Python {how} before it was done.",
            where=f"{self.interpreter}, in {self.interpreter.directory}",
            details=self._last_lines(),
            next_step="Run that command by hand: it has to start a Python (3.8 or newer) that has "
            "the app's packages. Then run again.",
        )

    def _too_long(self) -> GroundworkError:
        limit = self.interpreter.limit
        over = limit and time.monotonic() - self._began >= limit
        self.kill()
        if over:
            what = f"The migration was ended after {limit:g} s (schema_timeout)."
            next_step = "Give it more time (schema_timeout, 0 for any), then run again."
        else:
            what = f"The tree's Python said nothing for {SILENCE:g} s while it ran env.py."
            next_step = "See what env.py, or what it imports, waits for; then run again."
        return GroundworkError(
            what,
            where=f"{self.interpreter}, in {self.interpreter.directory}",
            details=self._last_lines(),
            next_step=next_step,
        )


@contextmanager
def opened(
    interpreter: Interpreter,
    given: Mapping[str, Any],
    variables: Mapping[str, str],
    printed: Callable[[str], None],
) -> Iterator[ForeignRun]:
    """The interpreter, started; it ends with the block, or with this process.

    `given`: see `alembic_server.serve`; `printed` gets what was printed there, at the end. Raises
    GroundworkError where it can't be started.
    """
    # Appended to, so that reading it moves no place of writing
    with tempfile.TemporaryFile("a+b") as log:
        run = ForeignRun(interpreter, start(interpreter, variables, log), log)
        try:
            run.begin(given)
            yield run
            run.end()
        finally:
            run.kill()
            printed(run.printed)
