"""The one read of a host: engine, images, files, volumes, containers, health, schema.

Facts and nothing else; `compare` says what they mean. Everything that can be read at once is. What
could not be read is None, or says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

from .. import files
from ..docker import Docker, Engine, StackOwner, daemon_config, ownership, ports
from ..docker import engine as engines
from ..docker import volumes as stack_volumes
from ..errors import GroundworkError
from ..health import ProbeAnswer, probe_all
from ..host import backup_notes, firewall, postgres_facts, postgres_roles, timers
from ..images import Present, WantedImage
from ..migrations import SchemaSetup, SchemaState, schema_states
from ..services import Service, service_type
from .desired import Desired
from .stack_containers import Containers, StackContainers, gather_containers

_T = TypeVar("_T")


@dataclass(frozen=True)
class Where:
    """What there is to read besides the desired state's own places."""

    docker: Docker
    images: Mapping[str, WantedImage]  # what each service asks for
    trees: Sequence[SchemaSetup]
    daemon: Mapping[str, Any]  # the engine's options, and swarm; nothing where not asked for
    firewall: Mapping[str, Any]  # bridge, enabled, allow_from; nothing where not asked for
    monitoring: Mapping[str, str]  # see monitoring_files; nothing where not asked for
    backup: Mapping[str, str]  # see backup_files
    backup_dir: str  # where the notes of the backups are; empty where none are made


@dataclass(frozen=True)
class Facts:
    """What was read. `volumes` are all of the stack's, by name, with their labels.

    `data_versions`: by service, what its volume's data say, where no label does. `interface`: the
    stack's network interface, by which the firewall knows it, is there.
    """

    engine: Engine
    engine_settings: Sequence[str]
    stack_containers: StackContainers
    images: Present
    volumes: Mapping[str, Mapping[str, str]]
    data_versions: Mapping[str, str]
    answers: Mapping[str, ProbeAnswer]
    schema: Mapping[str, SchemaState]
    firewall: Sequence[str]
    monitoring: Sequence[str]
    backup: Sequence[str]
    backups: backup_notes.BackupState | None
    interface: bool
    owner: StackOwner | None
    files: Mapping[Path, files.Found] = field(repr=False)
    new_passwords: Sequence[str]
    objects: Mapping[str, postgres_facts.FoundObjects | None]  # by service
    ports_taken: Mapping[int, str]  # who holds it
    foreign_addresses: frozenset[str]

    @property
    def containers(self) -> Containers:
        """The containers of the stack's services; None where the engine doesn't answer."""
        return self.stack_containers.containers


def gather(desired: Desired, where: Where) -> Facts:
    """Read everything. Raises GroundworkError where a file of ours is none, or can't be read."""
    desired.check_workspace()
    docker = where.docker
    with ThreadPoolExecutor(8) as pool:
        asked_engine = pool.submit(engines.version, docker)
        asked_containers = pool.submit(gather_containers, docker, desired)
        names = sorted({name for wanted in where.images.values() for name in wanted.names})
        asked_images = pool.submit(_quiet, docker.inspect, "image", names)
        asked_volumes = pool.submit(_quiet, stack_volumes.listed, docker, desired.stack)
        known = desired.known_secrets
        asked_health = pool.submit(probe_all, list(desired.services), known)
        asked_schema = pool.submit(schema_states, desired.services, where.trees, known)
        databases = [each for each in desired.managed if each.kind == "postgres"]
        asked_objects = {
            each.name: pool.submit(postgres_facts.read, docker, desired.stack, each, known)
            for each in databases
        }
        asked_firewall = pool.submit(_firewall, desired, where)
        stack_containers = asked_containers.result()
        engine = engines.judged(asked_engine.result(), stack_containers.compose)
        inspected = asked_images.result() or {}
        volumes = asked_volumes.result() or {}
        containers = stack_containers.containers
        found = {path: files.inspect(path) for path in desired.paths()}
        return Facts(
            engine=engine,
            engine_settings=_engine_settings(where),
            stack_containers=stack_containers,
            images=Present.of(docker, where.images, inspected),
            volumes=volumes,
            data_versions=_data_versions(desired, where, volumes),
            answers=asked_health.result(),
            schema=asked_schema.result(),
            firewall=asked_firewall.result(),
            monitoring=timers.reasons(where.monitoring),
            backup=timers.reasons(where.backup),
            backups=_backups(where),
            interface=_has_interface(where),
            owner=ownership.other_owner(
                desired.stack, desired.stack_dir, (containers or {}).values(), volumes
            ),
            files=found,
            objects={name: asked.result() for name, asked in asked_objects.items()},
            new_passwords=sorted(postgres_roles.journal(desired.stack_dir)),
            # Where the engine is there but silent, a port may be held by our own container
            ports_taken={}
            if containers is None and engine.state != "absent"
            else _ports_taken(desired, docker, containers),
            foreign_addresses=frozenset(ports.foreign(each.bind for each in desired.managed)),
        )


def free_megabytes(docker: Docker) -> tuple[int, str] | None:
    """The free space on the engine's disk, and its directory there; None where nobody can say.

    Not part of the read: it costs a command, and matters only where something will be started.
    """
    result = docker.run("info", "--format", "{{.DockerRootDir}}", timeout=10)
    root = result.stdout.strip()
    free = files.free_megabytes(root) if result.ok and root else None
    return None if free is None else (free, root)


def _quiet(function: Callable[..., _T], *args: Any) -> _T | None:
    """None where the engine doesn't answer: the engine's own entry says why."""
    try:
        return function(*args)
    except GroundworkError:
        return None


def _engine_settings(where: Where) -> list[str]:
    """Which of the engine's settings are not as they should be."""
    asked = where.daemon
    return daemon_config.differing(asked["options"], asked["swarm"]) if asked else []


def _firewall(desired: Desired, where: Where) -> list[str]:
    """Why the firewall has to be set up anew."""
    asked = where.firewall
    if not asked:
        return []
    rules = (
        firewall.rules(desired.managed, asked["bridge"], asked["allow_from"])
        if asked["enabled"]
        else {}
    )
    return firewall.reasons(rules, asked["bridge"])


def _backups(where: Where) -> backup_notes.BackupState | None:
    if not where.backup_dir:
        return None
    return backup_notes.state(Path(where.backup_dir), datetime.now(timezone.utc))


def _has_interface(where: Where) -> bool:
    bridge = where.firewall.get("bridge", "")
    return bool(bridge) and Path("/sys/class/net", bridge).exists()


def _data_versions(
    desired: Desired, where: Where, volumes: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """For volumes that somebody else made, without our label."""
    return {
        service.name: version
        for service in desired.managed
        if not volumes.get(desired.volume(service), {"storage_format": "-"})["storage_format"]
        if (version := _data_version(service, desired, where))
    }


def _data_version(service: Service, desired: Desired, where: Where) -> str:
    """The version that a volume's data name, read with any image that is here."""
    marker = service_type(service).version_file
    if not marker:
        return ""
    for image in where.images[service.name].names:
        result = where.docker.run(
            *("run", "--rm", "--network", "none", "--pull", "never", "--entrypoint", "cat"),
            *("-v", f"{desired.volume(service)}:/volume:ro", image, f"/volume/{marker}"),
        )
        if result.ok:
            return result.stdout.strip()
    return ""


def _ports_taken(desired: Desired, docker: Docker, containers: Containers) -> dict[int, str]:
    """Ports that somebody else holds; those that this stack's own containers hold don't count, also
    of one that the engine is starting yet, for a run that was killed."""
    ours = {
        int(published["HostPort"])
        for container in (containers or {}).values()
        for bindings in (container["NetworkSettings"]["Ports"] or {}).values()
        for published in bindings or []
    }
    wanted = [
        (service.bind, port)
        for service in desired.managed
        for port in service.ports.values()
        if port not in ours
    ]
    held = ports.taken(docker, wanted)
    return {item.port: item.holder for item in held if item.stack != desired.stack}
