"""What must not be tried: a foreign stack, a port taken, a file that can't be written, a full disk.

Pure, but for two questions that cost time and matter only where something will be done: whether git
would take a file with passwords, and how much is free on the engine's disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import dotenv, rendered
from ..docker import Docker, compose, refusal
from ..env import git
from ..errors import GroundworkError, Problem
from ..host import ObjectsState
from ..images import format_conflict, missing_extensions, missing_ports, skipped_version
from .compare import Comparison
from .desired import Desired
from .gather import Facts, free_megabytes
from .model import Plan, ServiceState, State
from .password_checks import nothing_to_rotate, passwords
from .volume_checks import missing_volumes


@dataclass(frozen=True)
class Limits:
    """What the checks need of the parameters."""

    reset_passwords: bool  # the databases are to get those of the inventory or infra/.env
    min_free_mb: int
    firewall: Mapping[str, Any]  # bridge, enabled; nothing where it isn't asked for
    moving: frozenset[str] = frozenset()  # services whose data are to move to another format


def problems(
    desired: Desired,
    facts: Facts,
    compared: Comparison,
    plan: Plan,
    limits: Limits,
    docker: Docker,
) -> list[Problem]:
    """Everything that is in the way of a run."""
    state = compared.state
    if state.owner:
        return [refusal(desired.stack, desired.stack_dir, state.owner).as_problem()]
    found = engine_and_ports(desired, state)
    found += [compared.certificates] if compared.certificates else []
    found += unwritable(compared.infra, compared.apps)
    found += missing_addresses(desired, facts)
    found += strangers(facts)
    found += leading_lines(desired, facts)
    found += unguarded(facts, limits.firewall)
    found += foreign_compose_file(state)
    if not limits.reset_passwords:
        found += passwords(desired, state)
    found += foreign_databases(state)
    found += format_conflicts(desired, state, limits.moving)
    if state.engine.state == "ok":
        found += missing_volumes(desired, facts)
    if state.engine.state == "ok" and (plan.images or plan.services):
        found += full_disk(free_megabytes(docker), limits.min_free_mb)
        found += extensions(desired, state, docker)
    return found + nothing_to_rotate(desired, plan)


def engine_and_ports(desired: Desired, state: State) -> list[Problem]:
    """An engine that was chosen and is silent; ports that somebody else holds."""
    found = []
    if state.engine.state == "elsewhere" and desired.managed:
        found.append(
            Problem(
                f"The Docker engine that was chosen is unreachable: {state.engine.error}",
                state.engine.chosen,
                state.engine.next_step,
            )
        )
    return found + [
        Problem(
            f"Port {item.port}, which {item.service} wants, is taken by {item.holder}.",
            f"stack_services.{item.service}.{item.option}",
            "Stop that program, or choose another port: for everybody where the service is "
            "written, for your computer alone in inventory/group_vars/dev/local.yml "
            "(docs/workspace.md).",
        )
        for item in state.ports_taken
    ]


def unwritable(
    infra: Iterable[rendered.FileState], apps: Iterable[rendered.FileState]
) -> list[Problem]:
    """A file that has to be written and can't be, or gets passwords that git would take along."""
    try:
        git.check_unseen(rendered.changing(infra), covered=True)
        git.check_unseen(rendered.changing(apps))
    except GroundworkError as error:
        return [error.as_problem()]
    return []


def missing_addresses(desired: Desired, facts: Facts) -> list[Problem]:
    """Addresses that the inventory names and this machine doesn't have."""
    return [
        Problem(
            f"{service.bind}, where {service.name} is to listen, is not an address of this "
            "machine.",
            f"stack_services.{service.name}.bind",
            "`ip address` shows those that it has.",
        )
        for service in desired.managed
        if service.bind in facts.foreign_addresses
    ]


def strangers(facts: Facts) -> list[Problem]:
    """Containers outside the stack that may write to its volumes, running or not.

    Two servers on one volume destroy it, however well each of them says that it is.
    """
    return [
        Problem(
            f"The container {each.name} isn't the stack's, and uses its volume {each.volume} too. "
            "Two servers on the same files destroy them.",
            f"docker inspect {each.name}",
            f"Remove it (`docker rm --force {each.name}`; what is on the volume stays), then run "
            "again.",
        )
        for each in facts.stack_containers.strangers
    ]


# Compose's own variables by which it takes another project or other files
_LEADING = re.compile(r"^\s*(?:export\s+)?(COMPOSE_(?:PROJECT_NAME|FILE|ENV_FILES))\s*[=:]", re.M)


def leading_lines(desired: Desired, facts: Facts) -> list[Problem]:
    """Lines of a person's own by which `docker compose` by hand takes another project.

    Groundwork itself doesn't follow them.
    """
    env, override = (facts.files[p].text or "" for p in (desired.env_file, desired.override_file))
    named = dict.fromkeys(_LEADING.findall(dotenv.outside(env)))
    found = [(desired.env_file, name) for name in named]
    if re.search(r"^name\s*:", override, re.M):
        found.append((desired.override_file, "name"))
    return [
        Problem(
            f"A line of your own, {name}, leads `docker compose` in that directory to another "
            f"project or other files than the stack {desired.stack!r}.",
            str(path),
            "Take the line out. The stack's name is stack_name; what you want to add "
            f"to its Compose file goes into {compose.OVERRIDE} beside it.",
        )
        for path, name in found
    ]


def unguarded(facts: Facts, firewall: Mapping[str, Any]) -> list[Problem]:
    """A network that was made without the name by which the firewall knows it."""
    if not firewall or not firewall["enabled"] or not facts.containers or facts.interface:
        return []
    return [
        Problem(
            "The stack's network was made before its firewall, which can't protect it.",
            f"the network interface {firewall['bridge']}, which isn't there",
            "Run `docker compose down` in the stack's directory there (data stay), then "
            "run again: the network is made anew.",
        )
    ]


def foreign_compose_file(state: State) -> list[Problem]:
    """A Compose file in our place that somebody else wrote."""
    if not state.foreign_compose_file:
        return []
    return [
        Problem(
            "There is a Compose file already that Groundwork did not write; it was left alone.",
            state.foreign_compose_file,
            "Move it away. What you want to keep of it goes into "
            f"{compose.OVERRIDE} beside it, which Compose reads too. Or give Groundwork another "
            "directory: stack_dir (docs/workspace.md).",
        )
    ]


def format_conflicts(
    desired: Desired, state: State, moving: frozenset[str] = frozenset()
) -> list[Problem]:
    """Images that are here and can't do what a service or its data need."""
    found: list[Problem] = []
    for service in desired.managed:
        volume, image = state.volumes.get(service.name), state.images.get(service.name)
        if volume and image and image.reference:
            name = desired.volume(service)
            conflict = format_conflict(
                service, name, volume.storage_format, volume.data_version, image
            )
            last = desired.kept.get(f"{service.prefix}_IMAGE", "")
            conflict = conflict or skipped_version(service, last, image.reference)
            found += [conflict] if conflict and service.name not in moving else []
            found += missing_ports(service, image.reference)
    return found


def foreign_databases(state: State) -> list[Problem]:
    """Databases that belong to another role than the inventory says: the app couldn't use them."""
    return [
        Problem(
            f"{name}: the database {each}. Its tables would be out of reach.",
            f"stack_services.{name}",
            "Put back the role that the inventory named before. To hand it over, see "
            "docs/postgres.md.",
        )
        for name, found in state.objects.items()
        for each in found.foreign
    ]


def extensions(desired: Desired, state: State, docker: Docker) -> list[Problem]:
    """Extensions that the image which is to run doesn't have: asked where one is to be made yet,
    or where another image comes."""
    found: list[Problem] = []
    for service in desired.managed:
        image = state.images.get(service.name)
        if not service.objects.extensions or image is None or not image.reference:
            continue
        objects = state.objects.get(service.name, ObjectsState())
        running = state.services.get(service.name, ServiceState())
        if objects.state == "unknown" or objects.unavailable or running.image == "changed":
            found += missing_extensions(docker, service, image.reference)
    return found


def full_disk(free: tuple[int, str] | None, least: int) -> list[Problem]:
    """Too little space for a start; `free` in megabytes, with the directory on that disk."""
    if free is None or free[0] >= least:
        return []
    return [
        Problem(
            f"The disk with the engine's data has {free[0]} MB left; a start wants {least} MB.",
            free[1],
            "Free some space (`docker system df` shows what the engine holds), "
            "or lower inspect_min_free_mb.",
        )
    ]
