"""What ansible-playbook loads itself, and not each of its forks. Each task on each host is one.

What a worker loads is gone with it, and the next one loads it again; what is loaded here is in all
of them. docs/benchmarks.md#before-the-first-fork has the measurements.
"""

from __future__ import annotations

import atexit
import gc
import os
from contextlib import suppress
from importlib import import_module
from threading import Thread

# The inspection is most of a run: what it needs
import ansible.module_utils.groundwork.state  # noqa: F401
from ansible.executor.process.worker import WorkerProcess
from ansible.module_utils.groundwork.display import process
from ansible.module_utils.groundwork.display.facts import HostFacts
from ansible.plugins.loader import filter_loader

_CLIENT = ("psycopg",)
_ALEMBIC = (
    *("alembic.runtime.environment", "alembic.config", "alembic.script"),
    "sqlalchemy.dialects.postgresql.psycopg",
)


def prepare() -> None:
    """Before the first fork, when everything else is loaded."""
    filter_loader.get("quote")  # any: the first one that is asked for loads all
    # What is loaded by now stays: no collection has to walk through it, in no fork and at no end.
    gc.freeze()
    atexit.register(gc.freeze)
    process.prepare()
    process.closed_is_over(WorkerProcess)


class _Ahead:
    """Libraries that are loaded while a worker is busy and this process isn't."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self._thread: Thread | None = None
        os.register_at_fork(before=self._end, after_in_parent=self._begin)

    def _begin(self) -> None:
        if self.names:
            self._thread = Thread(target=_load, args=[self.names], name="ahead")
            self.names = ()
            self._thread.start()

    def _end(self) -> None:
        """A fork in the midst of an import would leave a child that can't import any more."""
        if self._thread:
            self._thread.join()
            self._thread = None
            gc.freeze()


def _load(names: tuple[str, ...]) -> None:
    with suppress(Exception):  # who needs it says what is wrong with it
        for name in names:
            import_module(name)


_ahead = _Ahead()


def load_ahead(module: str, known: HostFacts | None) -> None:
    """While a worker starts containers on this machine: what asks PostgreSQL, and migrates it.

    For whoever is about to start that worker.
    """
    if module == "compose_up":
        migrates = known is not None and "schema" in known.todo
        _ahead.names = _CLIENT + (_ALEMBIC if migrates else ())
