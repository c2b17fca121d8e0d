"""From the state to what has to be done: pure comparisons.

What could not be read is `unknown`, and unknown is acted on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..migrations import SchemaState
from .desired import Desired
from .model import Plan, ServiceState, State
from .stack_containers import CONFIGURATION_REASONS, NO_CONTAINER, custom_reason

_UNKNOWN = "unknown until the engine answers"
ENGINE_REASONS = {
    "absent": "there is no Docker engine here",
    "stopped": "the Docker engine is stopped",
    "denied": "this user may not talk to the Docker engine",
    "elsewhere": "the Docker engine that was chosen is unreachable",
    "no-compose": "the engine has no Compose plugin",
}


def plan(desired: Desired, state: State) -> Plan:
    """The reasons to act."""
    if state.owner:  # somebody else's: nothing is to be done here
        return Plan()
    files = _file_reasons(desired, state.files)
    return Plan(
        docker=_engine_reasons(desired, state),
        images=_image_reasons(state),
        firewall=state.firewall,
        files=files,
        services=_service_reasons(desired, state, bool(files)),
        env_files=_file_reasons(desired, state.env_files),
        schema=_schema_reasons(state.schema),
        monitoring=state.monitoring,
        backup=state.backup,
    )


def _engine_reasons(desired: Desired, state: State) -> tuple[str, ...]:
    if not desired.managed:
        return ()
    engine, settings, reasons = state.engine, state.engine_settings, []
    if engine.state != "ok":
        reasons.append(ENGINE_REASONS.get(engine.state, engine.error or "unknown"))
    if settings:
        reasons.append(f"the engine's settings differ: {', '.join(settings)}")
    return tuple(reasons)


def _image_reasons(state: State) -> tuple[str, ...]:
    known = state.engine.state == "ok"
    return tuple(
        f"{name}: {found.due if known else _UNKNOWN}"
        for name, found in state.images.items()
        if found.due
    )


def _service_reasons(desired: Desired, state: State, files_change: bool) -> tuple[str, ...]:
    reasons = [
        f"{service.name}: {reason}"
        for service in desired.services
        if (reason := _service_reason(state.services.get(service.name)))
    ]
    reasons += [
        f"{name}: {reason}" for name, found in state.objects.items() for reason in found.reasons()
    ]
    if files_change and not reasons and desired.managed:
        reasons.append("the files that the containers are made from change")
    if state.new_passwords:
        reasons.append("a database doesn't have its new password yet")
    named = {service.name for service in desired.services}
    reasons += [
        f"{name}: {reason}"
        for name, found in sorted(state.services.items())
        if name not in named and (reason := custom_reason(found, state.left_data.get(name)))
    ]
    return tuple(reasons)


def _file_reasons(desired: Desired, statuses: Mapping[str, str]) -> tuple[str, ...]:
    phrases = {"missing": "is not there yet", "changed": "differs from the inventory"}
    return tuple(
        f"{_short(desired, path)} {phrases.get(status, 'could not be compared')}"
        for path, status in statuses.items()
        if status != "in_sync"
    )


def _short(desired: Desired, path: str) -> str:
    """A path as a person says it: from the workspace on, where it is in there."""
    full = Path(path)
    return str(full.relative_to(desired.workspace)) if desired.workspace in full.parents else path


def _service_reason(found: ServiceState | None) -> str:
    if found is None:
        return NO_CONTAINER
    silent = f"doesn't answer ({found.error})" if found.error else "doesn't answer"
    if found.state == "external":
        if found.leftover:
            return "is external now, its container goes"
        return "" if found.answers else silent
    if found.state == "unknown":
        return _UNKNOWN
    if found.state != "running":
        return f"its container is {found.state}"
    if found.not_live:
        pairs = ((mounted, live) for live, mounted in found.not_live.items())
        return ", ".join(f"is on the volume {mounted}, wanted {live}" for mounted, live in pairs)
    if found.health == "unhealthy":
        return "is unhealthy"
    if found.settings:
        return f"its settings changed: {', '.join(found.settings)}"
    if reason := CONFIGURATION_REASONS.get(found.config):
        return reason
    if found.image == "changed":
        return "its image changed"
    if not found.answers:
        return silent
    return "its configuration could not be compared" if found.config == "unknown" else ""


def _schema_reasons(trees: Mapping[str, SchemaState]) -> tuple[str, ...]:
    """A reason for each tree; with the tree's name where there are several."""
    reasons = {name: reason for name, found in trees.items() if (reason := _schema_reason(found))}
    several = len(trees) > 1
    return tuple(f"{name}: {each}" if several else each for name, each in reasons.items())


def _schema_reason(schema: SchemaState) -> str:
    if schema.state in ("at_head", "off"):
        return ""
    if schema.state in ("pending", "empty"):
        count = len(schema.pending)
        return f"{count} revision{'s' if count != 1 else ''} to apply"
    known = {
        "ahead": "the database is ahead of this checkout",
        "two_heads": "the revisions have more than one head",
        "unread": schema.error,
    }
    return known.get(schema.state, "unknown until the database answers")
