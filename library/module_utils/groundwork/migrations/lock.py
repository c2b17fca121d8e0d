"""One migration of a database at a time, whoever starts it and from wherever.

An advisory lock, taken by polling on a connection of its own: a session that blocks in
pg_advisory_lock holds a snapshot, and CREATE INDEX CONCURRENTLY waits for snapshots to end.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import GroundworkError
from .database import Database, session

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5  # seconds


def key(database: str) -> int:
    """The lock's number for a database: 64 bits with a sign, as PostgreSQL wants it."""
    digest = hashlib.sha256(f"groundwork/schema/{database}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@contextmanager
def hold(database: Database, wait: float) -> Iterator[None]:
    """Hold the lock; it is free again at the end, or when this process dies.

    Raises GroundworkError that names the holder, if `wait` seconds don't bring it.
    """
    number = key(database.database)
    deadline = time.monotonic() + wait
    pause = _FIRST_PAUSE
    with database.connect() as connection:
        while connection.execute("SELECT pg_try_advisory_lock(%s)", [number]).fetchone() != (True,):
            left = deadline - time.monotonic()
            if left <= 0:
                raise _taken(database, wait, _holder(connection, number))
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        yield


def _holder(connection: Any, number: int) -> str:
    row = connection.execute(
        """SELECT a.pid, a.application_name, a.usename, host(a.client_addr),
                  to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')
           FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
           WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND l.classid::bigint = (%(key)s::bigint >> 32) & 4294967295
             AND l.objid::bigint = %(key)s::bigint & 4294967295""",
        {"key": number},
    ).fetchone()
    return f"{session(*row[:4])}, connected since {row[4]}" if row else ""


def _taken(database: Database, wait: float, holder: str) -> GroundworkError:
    return GroundworkError(
        f"Another migration of this database is under way, and {wait:g} s of waiting did not "
        "bring its lock.",
        where=str(database),
        details=[f"The lock is held by {holder}." if holder else "The lock was freed just now."],
        next_step="Run again when it is done. If nobody is behind it any more: "
        "SELECT pg_terminate_backend(PROCESS). Nothing was changed.",
    )
