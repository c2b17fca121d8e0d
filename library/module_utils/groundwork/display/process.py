"""A Ctrl-C that is neither lost nor a trace between two forks (each task is one)."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from multiprocessing.process import BaseProcess


def prepare() -> None:
    """Before the first fork."""
    sys.unraisablehook = _not_raised


def closed_is_over(worker: type[BaseProcess]) -> None:
    """Let workers of that class answer `is_alive` when they are closed, too.

    Ansible closes a worker that is done before it has made the next one in its place, and a Ctrl-C
    between the two asks all of them: Python raises ValueError for a closed one.
    """
    ask = worker.is_alive

    def is_alive(self: BaseProcess) -> bool:
        try:
            return ask(self)
        except ValueError:
            return False

    worker.is_alive = is_alive  # type: ignore[method-assign]


def _not_raised(what: sys.UnraisableHookArgs) -> None:
    """Python only prints a Ctrl-C that comes at the end of a fork; it is sent once more."""
    if _stumbled(what):
        os.kill(os.getpid(), signal.SIGINT)
        return
    if not issubclass(what.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(what)
        return
    again = threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGINT))
    again.daemon = True
    again.start()


def _stumbled(what: sys.UnraisableHookArgs) -> bool:
    """Whether a child that is a moment old got the Ctrl-C. Ansible's handler resets the signal and
    then asks after the parent's children, which fails there."""
    frames = traceback.walk_tb(what.exc_traceback)
    names = [frame.f_code.co_name for frame, _ in frames]
    reset = signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    return reset and what.exc_type is AssertionError and "_signal_handler" in names
