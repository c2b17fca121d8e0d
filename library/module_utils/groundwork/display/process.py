"""What a run needs of its own process: cheap forks, and a Ctrl-C that isn't lost in one."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading


def prepare() -> None:
    """Once, when everything is loaded and before the first fork (each task is one)."""
    # What is loaded by now stays: no collection has to walk through it, in no fork and at no end.
    gc.freeze()
    atexit.register(gc.freeze)
    sys.unraisablehook = _not_raised


def _not_raised(what: sys.UnraisableHookArgs) -> None:
    """Python only prints a Ctrl-C that comes at the end of a fork; it is sent once more."""
    if not issubclass(what.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(what)
        return
    again = threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGINT))
    again.daemon = True
    again.start()
