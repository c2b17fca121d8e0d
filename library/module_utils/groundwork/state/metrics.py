"""A stack's state as metrics, in the text format of Prometheus (docs/monitoring.md). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..locking import RunsResult
from .model import Inspection, ServiceState

_KNOWN = ("at_head", "pending", "empty")  # the states in which it is known how many wait


class Metric(NamedTuple):
    """What a metric is; all are gauges."""

    name: str
    help: str


INFO = Metric("groundwork_info", "The stack and its Docker engine; always 1.")
UP = Metric("groundwork_service_up", "1 where the service is healthy, else 0.")
PENDING = Metric("groundwork_schema_pending", "Revisions that wait; none where nobody can say.")
AT_HEAD = Metric("groundwork_schema_at_head", "1 where the database is at the tree's head, else 0.")
VOLUME = Metric("groundwork_volume_bytes", "The size of a volume's files, to four digits.")
USED = Metric("groundwork_connections", "Connections in use.")
LIMIT = Metric("groundwork_connections_max", "How many connections the server takes at most.")
FREE = Metric("groundwork_free_bytes", "Free space where the volumes are.")
LAST_RUN = Metric("groundwork_last_run_timestamp_seconds", "When the last run ended, however.")
LAST_OK = Metric("groundwork_last_success_timestamp_seconds", "When a run last ended well.")
BACKUP = Metric("groundwork_backup_timestamp_seconds", "When the newest proven backup was made.")
OVERDUE = Metric("groundwork_backup_overdue", "1 where none was proven for too long, else 0.")
METRICS = (
    *(INFO, UP, PENDING, AT_HEAD, VOLUME, USED, LIMIT, FREE, LAST_RUN, LAST_OK),
    *(BACKUP, OVERDUE),
)

_Samples = list[tuple[Metric, Mapping[str, str], float]]


def metrics(found: Inspection, log: RunsResult) -> str:
    """The file's text. What is unknown has no sample; no label and no value is a secret."""
    samples = [*_state(found), *_usage(found)]
    if log.runs and log.runs[0].ended:
        samples.append((LAST_RUN, {}, log.runs[0].ended))
    if log.succeeded and log.succeeded.ended:
        samples.append((LAST_OK, {}, log.succeeded.ended))
    stack = {"stack": found.summary.stack}
    lines: list[str] = []
    for metric in METRICS:
        mine = [_sample(metric, stack | {**labels}, value) for each, labels, value in samples
                if each is metric]  # fmt: skip
        if mine:
            lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} gauge", *mine]
    return "\n".join([*lines, ""])


def _state(found: Inspection) -> _Samples:
    state = found.state
    samples: _Samples = [(INFO, {"engine": state.engine.version}, 1)]
    names = dict.fromkeys([*state.services, *state.images])
    for name in names:
        seen = state.services.get(name, ServiceState(state="missing"))
        samples.append((UP, {"service": name, "kind": seen.kind}, float(_up(seen))))
    for name, tree in state.schema.items():
        if tree.state == "off":
            continue
        if tree.state in _KNOWN:
            samples.append((PENDING, {"tree": name}, len(tree.pending)))
        samples.append((AT_HEAD, {"tree": name}, float(tree.state == "at_head")))
    if backups := state.backups:
        if backups.made:
            samples.append((BACKUP, {}, backups.seconds))
        samples.append((OVERDUE, {}, float(bool(backups.overdue))))
    return samples


def _up(seen: ServiceState) -> bool:
    if seen.custom:  # nobody asks it: as the engine has it
        return seen.state == "running" and seen.health not in ("unhealthy", "starting")
    return seen.answers and seen.health != "unhealthy"


def _usage(found: Inspection) -> _Samples:
    samples: _Samples = []
    if not (usage := found.usage):
        return samples
    for volume, use in usage.volumes.items():
        samples.append((VOLUME, {"service": use.service, "volume": volume}, use.size))
    for name, each in usage.connections.items():
        samples.append((USED, {"service": name}, each.used))
        if each.limit:
            samples.append((LIMIT, {"service": name}, each.limit))
    if usage.free is not None:
        samples.append((FREE, {}, usage.free))
    return samples


def _sample(metric: Metric, labels: Mapping[str, str], value: float) -> str:
    return f"{metric.name}{{{_labels(labels.items())}}} {_number(value)}"


def _labels(labels: Iterable[tuple[str, str]]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
