"""The status for programs: one document for all hosts (docs/ci.md has its keys).

A release may add keys; one that takes a key away, or gives it another meaning, counts `version` up.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import Problem
from ..host import BackupState
from ..locking import LoggedRun
from ..records import Record
from ..services import Connections
from ..state import Inspection, ServiceState, unwell
from ..text import masked_url
from .facts import HostFacts, health_of

VERSION = 1


@dataclass(frozen=True)
class ServiceStatus(Record):
    """A service. `state` is its container's, `external`, `missing` or `unknown`; `health` is that
    word of the summary."""

    kind: str = ""
    healthy: bool = False
    state: str = ""
    health: str = ""
    version: str = ""
    address: str = ""
    url: str = ""
    image_wanted: str = ""
    image_runs: str = ""
    error: str = ""


@dataclass(frozen=True)
class SchemaStatus(Record):
    """A tree; the only one may have no name."""

    name: str = ""
    state: str = ""
    current: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class VolumeStatus(Record):
    """A volume; `bytes` as the engine says them, to four digits."""

    service: str = ""
    bytes: int = 0


@dataclass(frozen=True)
class BackupStatus(Record):
    """The newest proven backup: when it was made, in UTC; empty where there is none. `ok`: it is
    new enough. `failed`: what one that failed since then said."""

    ok: bool = False
    made: str = ""
    age_seconds: int = 0
    failed: str = ""


@dataclass(frozen=True)
class RunStatus(Record):
    """A run of the audit log; `at` is its start in UTC, `age_seconds` counts from its end."""

    at: str = ""
    result: str = ""
    who: str = ""
    where: str = ""
    playbook: str = ""
    revision: str = ""
    age_seconds: int = 0


@dataclass(frozen=True)
class RunningStatus(Record):
    """The run that changes the machine now."""

    since: str = ""
    who: str = ""
    where: str = ""


@dataclass(frozen=True)
class HostStatus(Record):
    """A host. `error`: it could not be inspected; then nothing else is known of it."""

    ok: bool = False
    error: str | None = None
    reasons: tuple[str, ...] = ()
    stack: str = ""
    engine: str = ""
    services: Mapping[str, ServiceStatus] = field(default_factory=dict)
    schema: tuple[SchemaStatus, ...] = ()
    volumes: Mapping[str, VolumeStatus] = field(default_factory=dict)
    connections: Mapping[str, Connections] = field(default_factory=dict)
    free_bytes: int | None = None
    plan: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    backup: BackupStatus | None = None
    running: RunningStatus | None = None
    last_run: RunStatus | None = None
    last_success: RunStatus | None = None


@dataclass(frozen=True)
class StatusDocument(Record):
    """All hosts. `ok`: there is one at least, and each of them is."""

    version: int
    ok: bool
    at: str
    hosts: Mapping[str, HostStatus]


def document(hosts: Iterable[str], facts: Mapping[str, HostFacts], now: float) -> StatusDocument:
    """The document, of what was learned of the hosts; `now` in seconds since 1970."""
    all_of_them = {name: _host(facts.get(name, HostFacts()), now) for name in sorted(hosts)}
    ok = bool(all_of_them) and all(each.ok for each in all_of_them.values())
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    return StatusDocument(VERSION, ok, at, all_of_them)


def _host(known: HostFacts, now: float) -> HostStatus:
    found = known.found
    if known.error or found is None:
        error = known.error or "It was not inspected: the run ended before that."
        return HostStatus(error=error, reasons=(error.splitlines()[0],))
    reasons, usage, log = tuple(unwell(found)), found.usage, known.log
    return HostStatus(
        ok=not reasons,
        reasons=reasons,
        stack=found.summary.stack,
        engine=known.engine,
        services=_services(found),
        schema=tuple(
            SchemaStatus(name, seen.state, seen.current, seen.heads, seen.pending, seen.error)
            for name, seen in found.state.schema.items()
        ),
        volumes={
            name: VolumeStatus(volume.service, volume.size)
            for name, volume in (usage.volumes if usage else {}).items()
        },
        connections=usage.connections if usage else {},
        free_bytes=usage.free if usage else None,
        plan=dict(found.plan.steps()),
        problems=found.problems,
        backup=_backup(found.state.backups),
        running=RunningStatus(_iso(log.holder.since), log.holder.who, log.holder.where)
        if log.holder
        else None,
        last_run=_run(log.runs[0], now) if log.runs else None,
        last_success=_run(log.succeeded, now) if log.succeeded else None,
    )


def _backup(known: BackupState | None) -> BackupStatus | None:
    if known is None:
        return None
    return BackupStatus(not known.overdue, known.made, round(known.age), known.failed)


def _services(found: Inspection) -> dict[str, ServiceStatus]:
    state = found.state
    names = [*state.services, *(name for name in state.images if name not in state.services)]
    return {name: _service(found, name) for name in names}


def _service(found: Inspection, name: str) -> ServiceStatus:
    seen = found.state.services.get(name, ServiceState(state="missing"))
    health, image = health_of(seen), found.state.images.get(name)
    running = seen.state == "running" and seen.custom and health not in ("unhealthy", "starting")
    return ServiceStatus(
        kind=seen.kind,
        healthy=health == "healthy" or running,
        state=seen.state,
        health=health,
        version=seen.version,
        address=seen.address,
        url=masked_url(seen.url),
        image_wanted=image.wanted if image else "",
        image_runs=seen.runs,
        error=seen.error,
    )


def _run(run: LoggedRun, now: float) -> RunStatus:
    age = max(round(now - run.ended), 0)
    return RunStatus(_iso(run.at), run.result, run.who, run.where, run.playbook, run.revision, age)


def _iso(text: str) -> str:
    return f"{text.replace(' ', 'T')}Z" if text else ""
