"""What probes share on the wire: one deadline for all steps, one sentence for each failure."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from . import tls
from .base import Endpoint, ProbeError

T = TypeVar("T")


def time_left(timeout: float) -> Callable[[], float]:
    """Counts down from `timeout` seconds; raises ProbeError once nothing is left."""
    deadline = time.monotonic() + timeout

    def left() -> float:
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            raise no_answer(timeout)
        return seconds

    return left


def knock(endpoint: Endpoint, timeout: float) -> None:
    """Raise ProbeError where nothing listens: known in no time, before a library is imported.

    Several hosts are not asked: that is for who chooses among them.
    """
    if endpoint.others:
        return
    try:
        socket.create_connection((endpoint.host, endpoint.port), timeout).close()
    except OSError as error:
        raise unreachable(error, timeout) from None


def within(seconds: float, work: Callable[..., T], *given: Any) -> T:
    """What `work(*given)` returns or raises, for a client library that may wait for ever.

    Raises ProbeError where it takes longer; its thread then ends with the process.
    """
    answers: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((work(*given), None))
        except BaseException as error:
            answers.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        value, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise no_answer(seconds) from None
    if error is not None:
        raise error
    return cast(T, value)


def no_answer(timeout: float) -> ProbeError:
    """A service that stays silent."""
    return ProbeError(f"no answer within {timeout:g} s")


def unreachable(error: OSError, timeout: float) -> ProbeError:
    """A connection that failed or broke, in a few words without an address."""
    if isinstance(error, TimeoutError):
        return no_answer(timeout)
    if isinstance(error, ssl.SSLError):
        return tls.refused(error)
    return ProbeError((error.strerror or str(error) or type(error).__name__).lower())
