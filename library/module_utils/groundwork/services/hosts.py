"""Which host of several takes writes: all are asked at the same time.

Client libraries ask one after the other, and one that is gone costs each connection its whole
time-out. Here it costs nothing where another one takes writes.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..text import one_line
from .base import Advice, Chosen, Endpoint, ProbeError
from .wire import no_answer

READ_ONLY, TWO_PRIMARIES = "READONLY", "TWOPRIMARIES"
# How long, in seconds, the others may still answer once one was found, so that a second one that
# takes writes is seen: the schema's lock would not hold there.
GRACE = 0.25
# Who asks has the same limit, and has to get the answer within it
_PART = 0.8


@dataclass(frozen=True)
class Reply:
    """What one host said; `server` tells it from another one, by whichever way it was reached."""

    writes: bool
    server: str


Ask = Callable[[Endpoint, float], Reply]


def choose(where: Endpoint, ask: Ask, timeout: float) -> Chosen:
    """The host of `where` that takes writes, the first in its order.

    `ask(endpoint, seconds)` asks one host, or raises ProbeError. Raises ProbeError, which says of
    each host how it is, where none takes writes or two different servers do.
    """
    began, timeout = time.monotonic(), timeout * _PART
    replies: queue.SimpleQueue[tuple[Endpoint, Reply | ProbeError]] = queue.SimpleQueue()
    for host in where.each:
        threading.Thread(
            target=lambda host=host: replies.put((host, _asked(ask, host, timeout))), daemon=True
        ).start()
    found: dict[Endpoint, Reply | ProbeError] = {}
    deadline = began + timeout
    while len(found) < len(where.each):
        try:
            host, reply = replies.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        found[host] = reply
        if isinstance(reply, Reply) and reply.writes:
            deadline = min(deadline, time.monotonic() + GRACE)
    return _judged(where, found, time.monotonic() - began)


def _asked(ask: Ask, host: Endpoint, timeout: float) -> Reply | ProbeError:
    try:
        return ask(host, timeout)
    except ProbeError as error:
        return error
    except Exception as error:  # nobody has looked for secrets in its text
        return ProbeError(f"it could not be asked ({type(error).__name__})")


def _judged(where: Endpoint, found: dict[Endpoint, Reply | ProbeError], seconds: float) -> Chosen:
    silent = no_answer(round(seconds, 1))
    replies = {host: found.get(host, silent) for host in where.each}
    hosts = tuple(f"{host} {_words(reply)}" for host, reply in replies.items())
    primaries = {
        host: reply.server
        for host, reply in replies.items()
        if isinstance(reply, Reply) and reply.writes
    }
    told = "; ".join(hosts)
    if len(set(primaries.values())) > 1:
        raise ProbeError(
            f"several of its hosts take writes, and they are different servers: {told}",
            permanent=True,
            code=TWO_PRIMARIES,
        )
    if primaries:
        return Chosen(next(iter(primaries)), hosts)
    errors = [reply for reply in replies.values() if isinstance(reply, ProbeError)]
    # A standby that answers may take over; a wrong password stays wrong
    permanent = len(errors) == len(replies) and all(error.permanent for error in errors)
    raise ProbeError(
        f"none of its {len(replies)} hosts takes writes: {told}",
        permanent=permanent,
        code=errors[0].code if permanent else READ_ONLY,
    )


def _words(reply: Reply | ProbeError) -> str:
    if isinstance(reply, ProbeError):
        return one_line(str(reply), 120)
    return "takes writes" if reply.writes else "is a standby (read only)"


ADVICE = {
    READ_ONLY: Advice(
        "None of its hosts takes writes.",
        "See that one of them is the primary, then run again.",
        "See that stack_services.{name}.hosts names the primary and that this machine may reach "
        "it; where a failover is under way, run again when it is over.",
    ),
    TWO_PRIMARIES: Advice(
        "Several of its hosts take writes.",
        "Name the hosts of one cluster, then run again.",
        "Let stack_services.{name}.hosts name the hosts of one cluster; where they are, it has two "
        "primaries, and whoever runs it has to end that first. Nothing was changed.",
    ),
}
