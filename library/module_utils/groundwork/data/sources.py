"""A stack's managed services, with what is needed to work on their data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import dotenv, files
from ..config import parse_services
from ..docker import Docker, engine, volumes
from ..env import as_made, known_values
from ..errors import GroundworkError
from ..services import service_type
from ..tls import ca_file_of
from .model import Source


def again(found: Sequence[Source], stack_dir: Path) -> list[Source]:
    """The same, with the containers that run now and the volumes that are live now: for whoever
    has waited for the deploy lock, or started something again."""
    if not found:
        return []
    running = _running(found[0].docker, found[0].stack)
    live = volumes.read(stack_dir)
    return [
        replace(
            each,
            container=str(running.get(each.service.name, {}).get("Id", "")),
            volumes={s: volumes.name_of(each.stack, s, live.get(s, 0)) for s in each.volumes},
            former=_former(running, each.service.name, each.stack, live),
        )
        for each in found
    ]


def require_live(found: Sequence[Source]) -> None:
    """Raise GroundworkError where a container has other volumes than the live ones: after a restore
    or an upgrade that was cut short, what it says would be of others than what is copied."""
    former = [each.service.name for each in found if each.former]
    if former:
        raise GroundworkError(
            f"The data of {', '.join(former)} were put back or moved, and the container still has "
            "those from before.",
            where=volumes.FILE,
            next_step="Run playbooks/dev.yml (playbooks/staging.yml on a shared machine), which "
            "makes it anew; then this again.",
        )


def _running(docker: Docker, stack: str) -> dict[str, Mapping[str, Any]]:
    """A stack's containers that run, by service."""
    return {
        name: found
        for name, found in engine.by_service(engine.listed(docker, stack)).items()
        if found["State"]["Status"] == "running"
    }


def _former(
    running: Mapping[str, Mapping[str, Any]], service: str, stack: str, live: Mapping[str, int]
) -> bool:
    return bool(volumes.not_live(running.get(service, {}), stack, live))


def sources(
    docker: Docker, stack: str, services: Mapping[str, Any], stack_dir: Path
) -> list[Source]:
    """Those that have been started once, external ones left out; what they run in, or did.

    `services` is the inventory's `stack_services`. Raises GroundworkError where the engine can't be
    asked.
    """
    kept = dotenv.parse(files.read(stack_dir / ".env") or "")
    running = _running(docker, stack)
    live = volumes.read(stack_dir)
    parsed = parse_services(services, ca=str(ca_file_of(stack_dir)))
    known = [as_made(each, kept) for each in parsed if not each.external]
    found = [
        Source(
            docker=docker,
            stack=stack,
            service=service,
            image=kept[f"{service.prefix}_IMAGE"],
            storage_format=kept.get(f"{service.prefix}_FLAVOUR", ""),
            volumes={
                store: volumes.name_of(stack, store, live.get(store, 0))
                for store in service_type(service).stores(service)
            },
            container=str(running.get(service.name, {}).get("Id", "")),
            former=_former(running, service.name, stack, live),
            secrets=known_values(service, kept),
        )
        for service in known
        if f"{service.prefix}_IMAGE" in kept
    ]
    helper = _first(found, ("qdrant", "postgres", "redis"))  # Debian's cp keeps sparse files
    return [replace(each, helper=helper.image if helper else "") for each in found]


def _first(found: list[Source], kinds: tuple[str, ...]) -> Source | None:
    return next((each for k in kinds for each in found if each.service.kind == k), None)


def named(found: list[Source], asked: list[str], playbook: str) -> list[Source]:
    """Those of `asked`, or all that have data. Raises GroundworkError where one isn't there."""
    known = {source.service.name: source for source in found}
    for name in asked:
        if name not in known:
            there = ", ".join(known) or "none"
            raise GroundworkError(
                f"There is no service {name!r} whose data are here.",
                where=playbook,
                next_step=f"There are: {there}. Nothing was changed.",
            )
    if not found:
        raise GroundworkError(
            "This stack was never started here, so there are no data.",
            where=playbook,
            next_step="Bring it up first (playbooks/dev.yml). Nothing was changed.",
        )
    return [known[name] for name in asked] if asked else [s for s in found if s.volumes]


def any_image(found: list[Source]) -> str:
    """The image of a job that needs a shell and the usual tools, and no service's own: one that is
    surely here and has them."""
    return (_first(found, ("postgres", "redis", "qdrant")) or found[0]).image
