"""One stack as the engine has it: its containers, its volumes, and who else uses those."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..docker import CommandResult, Docker, compose, engine, jobs, started_elsewhere, volumes
from ..errors import GroundworkError
from ..services import service_type
from .desired import Desired
from .model import ServiceState

Containers = dict[str, dict[str, Any]] | None


@dataclass(frozen=True)
class Stranger:
    """A container outside the stack that may write to one of its volumes."""

    name: str
    volume: str


@dataclass(frozen=True)
class StackContainers:
    """What the engine has of a stack.

    `containers` are those of its services, as `docker inspect` tells; None where the engine doesn't
    answer. `hashes` are what Compose would label each service's container with; None where it can't
    say. `compose` is its version, asked where there are no hashes.
    """

    containers: Containers
    hashes: Mapping[str, str] | None = None
    compose: CommandResult | None = None
    strangers: Sequence[Stranger] = ()


def gather_containers(docker: Docker, desired: Desired) -> StackContainers:
    """Ask the engine, and Compose where there is something to compare with. Never raises."""
    try:
        containers, strangers = _containers(docker, desired)
    except GroundworkError:
        return StackContainers(None, None, engine.compose_version(docker))
    theirs = desired.override_file.exists()
    ask: Callable[..., Any] = compose.config_hashes
    hashes = ask(docker, desired.stack, desired.stack_dir) if containers or theirs else None
    if hashes and theirs and set(containers) - set(hashes):
        # A service of a person's own with a profile, started by hand, is no leftover
        every = ask(docker, desired.stack, desired.stack_dir, "--profile", "*") or {}
        hashes |= {name: every[name] for name in set(containers) & set(every) - set(hashes)}
    version = None if hashes else engine.compose_version(docker)
    return StackContainers(containers, hashes, version, strangers)


def _containers(
    docker: Docker, desired: Desired
) -> tuple[dict[str, dict[str, Any]], list[Stranger]]:
    """The project's containers by service; and those of others on our volumes.

    One that has the volume read-only (a backup, a look at its version) does no harm.
    """
    form = f'[{{{{json .ID}}}},{{{{json .Mounts}}}},{{{{json (.Label "{engine.PROJECT_LABEL}")}}}}]'
    listed = docker.run("ps", "-a", "--no-trunc", "--format", form, timeout=10)
    if not listed.ok:
        raise GroundworkError(f"The containers can't be listed: {listed.error}")
    live = {name for service in desired.managed for name in desired.volumes(service)}
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    ours = {identity for identity, _, project in rows if project == desired.stack}
    others = {identity for identity, mounts, _ in rows if live & set(mounts.split(","))} - ours
    found = docker.inspect("container", sorted(ours | others))
    strangers = [
        Stranger(found[identity]["Name"].lstrip("/"), volume)
        for identity in sorted(others & set(found))
        # Left by a run that was killed: it goes before a service starts
        if engine.labels(found[identity]).get(jobs.LABEL) != desired.stack
        for volume in sorted(live & set(_writable(found[identity])))
    ]
    return engine.by_service(found[each] for each in ours & set(found)), strangers


def _writable(container: Mapping[str, Any]) -> Iterable[str]:
    return (mount.get("Name", "") for mount in container.get("Mounts") or [] if mount.get("RW"))


def left_data(desired: Desired, found: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Volumes by store (see `ServiceType.stores`), of services that don't run here any more, or use
    it no more: the live ones, or the newest."""
    used = set(_stores(desired))
    there = volumes.by_store(
        [name for name, each in found.items() if each["storage_format"]], desired.stack
    )
    return {
        store: volumes.name_of(desired.stack, store, live if live in all_of else all_of[-1])
        for store, all_of in there.items()
        if store not in used
        for live in [desired.live.get(store, 0)]
    }


def former(desired: Desired, found: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    """Volumes that were live before, or never were, by store: of services that run here."""
    there = volumes.by_store(found, desired.stack)
    others = {
        store: [
            volumes.name_of(desired.stack, store, each)
            for each in there.get(store, [])
            if each != desired.live.get(store, 0)
        ]
        for store in _stores(desired)
    }
    return {store: names for store, names in others.items() if names}


def _stores(desired: Desired) -> list[str]:
    return [store for service in desired.managed for store in service_type(service).stores(service)]


def custom_services(
    desired: Desired, stack_containers: StackContainers, compose_text: str
) -> dict[str, ServiceState]:
    """The services that the inventory doesn't have, by name. `compose_text` is our file's.

    Those of a person's own are in the override file (`state` as the engine says, `missing` without
    a container); those that have left the inventory are an `orphan`.
    """
    written = compose.services_in(compose_text)
    named = {service.name for service in desired.services}
    containers, hashes = stack_containers.containers or {}, stack_containers.hashes or {}
    theirs = set(hashes) - written - named
    found = {
        name: _custom(containers.get(name), hashes[name], desired.stack_dir)
        for name in sorted(theirs)
    }
    return found | {
        name: ServiceState(state="orphan") for name in sorted(set(containers) - named - theirs)
    }


NO_CONTAINER = "has no container yet"
# Why a container is replaced, by what `configuration` says
CONFIGURATION_REASONS = {
    "changed": "its configuration changed",
    "moved": "its container was made from another directory; it is made anew, its data stay",
}


def configuration(container: Mapping[str, Any], wanted: str | None, directory: Path) -> str:
    """How a container is against the Compose file in `directory`: in_sync, changed, moved or
    unknown.

    `wanted` is the label that Compose would give it, None where nobody can say. `moved`: it was
    made from another directory, so that what it has mounted is from there.
    """
    if not wanted:
        return "unknown"
    if started_elsewhere(container, directory):
        return "moved"
    digest = engine.labels(container).get("com.docker.compose.config-hash")
    return "in_sync" if digest == wanted else "changed"


def _custom(container: Mapping[str, Any] | None, wanted: str, directory: Path) -> ServiceState:
    if container is None:
        return ServiceState(custom=True, state="missing")
    state = container["State"]
    return ServiceState(
        custom=True,
        state=state["Status"],
        health=(state.get("Health") or {}).get("Status", "none"),
        exit_code=state.get("ExitCode", 0),
        config=configuration(container, wanted, directory),
    )


def custom_reason(found: ServiceState, volume: str | None) -> str:
    """Why to act on a service that the inventory doesn't have; `""` where nothing is to be done."""
    if not found.custom:
        kept = f"; its data stay, in the volume {volume}" if volume else ""
        return f"is not in the inventory any more{kept}"
    if found.state == "missing":
        return NO_CONTAINER
    if reason := CONFIGURATION_REASONS.get(found.config):
        return reason
    done = found.state == "exited" and not found.exit_code  # one that has a task and ends
    running = found.state in ("running", "restarting")  # in the latter Compose changes nothing
    return "" if done or running else f"its container is {found.state}"
