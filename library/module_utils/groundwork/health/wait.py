"""Waits until the services answer in their own protocol, and says why when one never will.

A thread for each service asks it; another one inspects the containers. Whatever can't become
better by waiting (a container that stopped, a refused password) ends the wait at once.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from ..docker import Container, trouble
from ..errors import GroundworkError
from ..services import Service
from .probe import Probe, ServiceHealth, Target, aim, attempt, by_kind
from .report import unhealthy

# The rest between two questions is this part of the time waited so far, within bounds in seconds:
# so nobody waits a tenth longer than the service takes, and a slow one isn't polled.
REST = 0.1
SHORTEST_REST = 0.05
LONGEST_REST = 1.0
ATTEMPT = 5.0  # seconds; a loaded host may need some for one login
INSPECT_EVERY = 0.5
# A refusal has to last this long. A server that makes itself ready over TCP (not what our images
# do) refuses for a moment too; and only a run that fails pays for it.
CONFIRM = 1.0

FAILURES_ALLOWED = 3


class ContainerWatch(Protocol):
    """Inspects containers: `containers.Project`."""

    def inspect(self) -> Mapping[str, Container]:
        """Each service's container."""

    def tail(self, container: Container) -> list[str]:
        """The last lines of its log."""


@dataclass(frozen=True)
class Inspected:
    """What the watcher saw once, or why it failed."""

    containers: Mapping[str, Container] = field(default_factory=dict)
    error: GroundworkError | None = None


def wait(
    targets: Sequence[Target],
    timeout: float,
    watch: ContainerWatch | None = None,
    probe: Probe = by_kind,
    clock: Callable[[], float] = time.monotonic,
) -> list[ServiceHealth]:
    """Wait up to `timeout` seconds until all targets are healthy; results in their order.

    With `watch`, the services' containers have to be well too. Raises `report.Unhealthy`, at
    once where waiting can't be used; GroundworkError where the engine can't be asked.
    """
    deadline = clock() + timeout
    events: queue.SimpleQueue[ServiceHealth | Inspected] = queue.SimpleQueue()
    stop = threading.Event()
    jobs: list[Callable[[], None]] = [
        _poller(target, probe, deadline, clock, stop, events) for target in targets
    ]
    if watch:
        jobs.append(lambda: _keep_inspecting(watch, events.put, stop.wait))
    for job in jobs:
        # Daemons: neither Ctrl-C nor a probe that hangs keeps the process alive.
        threading.Thread(target=job, daemon=True).start()
    progress = _Progress(targets)
    try:
        while not progress.done(inspected=watch is None):
            left = deadline - clock()
            try:
                if left <= 0:
                    raise queue.Empty
                progress.take(events.get(timeout=left))
            except queue.Empty:
                raise progress.failure(progress.late(timeout), watch) from None
            if reasons := progress.permanent():
                raise progress.failure(reasons, watch)
    finally:
        stop.set()
    return [progress.results[target.name] for target in targets]


def poll(
    target: Target,
    probe: Probe,
    deadline: float,
    clock: Callable[[], float],
    pause: Callable[[float], bool],
    report: Callable[[ServiceHealth], None],
) -> None:
    """Ask one service until it is healthy, it can't be used, or `pause(seconds)` says stop."""
    began = clock()
    refused: float | None = None
    tries = 0
    while True:
        tries += 1
        result = attempt(target, probe, min(ATTEMPT, max(deadline - clock(), 0.1)))
        now = clock()
        if not result.refused:
            refused = None
        elif refused is None:
            refused = now
        confirmed = refused is not None and now - refused >= CONFIRM
        report(replace(result, tries=tries, seconds=round(now - began, 3), permanent=confirmed))
        rest = min(max(SHORTEST_REST, REST * (now - began)), LONGEST_REST)
        if result.healthy or confirmed or pause(rest if refused is None else CONFIRM):
            return


def _poller(
    target: Target,
    probe: Probe,
    deadline: float,
    clock: Callable[[], float],
    stop: threading.Event,
    events: queue.SimpleQueue[ServiceHealth | Inspected],
) -> Callable[[], None]:
    return lambda: poll(target, probe, deadline, clock, stop.wait, events.put)


def _keep_inspecting(
    watch: ContainerWatch, report: Callable[[Inspected], None], pause: Callable[[float], bool]
) -> None:
    while True:
        report(_inspect(watch))
        if pause(INSPECT_EVERY):
            return


def _inspect(watch: ContainerWatch) -> Inspected:
    try:
        return Inspected(watch.inspect())
    except GroundworkError as error:
        return Inspected(error=error)
    except Exception as error:
        return Inspected(error=GroundworkError(f"Inspecting the containers failed: {error!r}"))


class _Progress:
    """What is known so far, folded from the threads' events in the waiting thread alone."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self.targets = targets
        self.managed = [target.name for target in targets if not target.service.external]
        self.by_engine = {target.name for target in targets if target.by_engine}
        self.results = {target.name: target.unasked() for target in targets}
        self.first: Mapping[str, Container] | None = None
        self.last: Mapping[str, Container] | None = None
        self.failed_inspections = 0

    def take(self, event: ServiceHealth | Inspected) -> None:
        if isinstance(event, ServiceHealth):
            self.results[event.name] = event
        elif event.error:
            # One slow answer of a busy engine says nothing of the services.
            self.failed_inspections += 1
            if self.failed_inspections >= FAILURES_ALLOWED:
                raise event.error
        else:
            self.failed_inspections = 0
            self.last = event.containers
            self.first = self.last if self.first is None else self.first

    def done(self, inspected: bool) -> bool:
        healthy = all(result.healthy for result in self.results.values())
        return healthy and (inspected or self.last is not None) and not self._unhealthy()

    def _unhealthy(self) -> list[str]:
        """Which of our own services are unhealthy for the engine, or aren't healthy yet where that
        is for it alone to say."""
        last = {name: item.health for name, item in (self.last or {}).items()}
        return [
            name
            for name in self.managed
            if last.get(name) == "unhealthy"
            or (name in self.by_engine and last.get(name, "healthy") != "healthy")
        ]

    def permanent(self) -> dict[str, str]:
        """Why, for each service that waiting won't fix."""
        results = self.results.values()
        # One permanent refusal ends the wait; the other refusals are told with it.
        permanent = any(result.permanent for result in results)
        reasons = {
            r.name: r.last_error for r in results if permanent and (r.permanent or r.refused)
        }
        if self.first is not None and self.last is not None:
            for name in self.managed:
                silent = self.results[name].tries > 0 and not self.results[name].healthy
                if why := trouble(self.last.get(name), self.first.get(name), silent):
                    reasons[name] = why
        return reasons

    def late(self, timeout: float) -> dict[str, str]:
        """Why, for each service that isn't healthy when the time is over."""
        waiting = [result for result in self.results.values() if not result.healthy]
        unchecked = f"it answers, but its health check didn't pass within {timeout:g} s"
        return dict.fromkeys(self._unhealthy(), unchecked) | {
            result.name: f"not ready within {timeout:g} s ({result.last_error or 'unreachable'})"
            for result in waiting
        }

    def failure(self, reasons: Mapping[str, str], watch: ContainerWatch | None) -> GroundworkError:
        """The error with the containers' last words."""
        if not reasons:
            return GroundworkError(
                "The services answer, but the Docker engine did not show their containers in time.",
                next_step="See that `docker ps` works for the user who runs this, then run again.",
            )
        containers = self.last or (_inspect(watch).containers if watch else {})
        logs = {
            name: watch.tail(containers[name]) for name in reasons if watch and name in containers
        }
        return unhealthy(self.targets, self.results, reasons, containers, logs)


def once(
    targets: Sequence[Target], probe: Probe = by_kind, timeout: float = 2.0
) -> list[ServiceHealth]:
    """One round of questions, all at the same time; results in the targets' order.

    Comes back within `timeout` seconds and a little, whatever a probe does. Never raises.
    """
    answers: queue.SimpleQueue[ServiceHealth] = queue.SimpleQueue()
    began = time.monotonic()
    for target in targets:
        threading.Thread(
            target=lambda target=target: answers.put(attempt(target, probe, timeout)), daemon=True
        ).start()
    silent = f"no answer within {timeout:g} s"
    results = {
        target.name: replace(target.unasked(), tries=1, last_error=silent) for target in targets
    }
    # A probe counts its time after its imports.
    deadline = began + timeout + 0.5
    for _ in targets:
        try:
            answer = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        results[answer.name] = replace(answer, seconds=round(time.monotonic() - began, 3))
    return [results[target.name] for target in targets]


@dataclass(frozen=True)
class ProbeAnswer:
    """What a service said when it was asked once; `code` is PostgreSQL's own of a refusal.

    `address` and `hosts`: see `ServiceHealth`.
    """

    healthy: bool
    version: str
    error: str
    code: str
    address: str = ""
    hosts: tuple[str, ...] = ()


def probe_all(
    services: Sequence[Service],
    secrets: Mapping[str, str],
    audience: str = "host",
    probe: Probe = by_kind,
    timeout: float = ATTEMPT,
) -> dict[str, ProbeAnswer]:
    """The answers to one round of questions (see `once`), by the services' names.

    `secrets` are values by variable. A service whose secret isn't known isn't asked.
    """
    asked = [aim(service, audience, secrets) for service in services]
    answers = {each.name: each for each in once([t for t in asked if t.ready], probe, timeout)}
    unknown = "its secret isn't known"
    results = [answers.get(t.name, replace(t.unasked(), last_error=unknown)) for t in asked]
    return {
        each.name: ProbeAnswer(
            each.healthy, each.version, each.last_error, each.code, each.address, each.hosts
        )
        for each in results
    }
