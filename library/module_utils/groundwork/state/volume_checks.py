"""Volumes that `infra/volumes.json` names and that aren't there, or the file itself: data that an
empty volume would seem to have lost."""

from __future__ import annotations

from ..docker import volumes
from ..errors import Problem
from ..services import service_type
from .desired import Desired
from .gather import Facts


def missing_volumes(desired: Desired, facts: Facts) -> list[Problem]:
    """For a stack whose engine answers. A first volume that isn't there is made, as ever."""
    there = volumes.by_store(facts.volumes, desired.stack)
    known = (desired.stack_dir / volumes.FILE).exists()
    found = []
    for service in desired.managed:
        for store in service_type(service).stores(service):
            live, here = desired.live.get(store, 0), there.get(store, [])
            if live in here or not (live or (here and not known)):
                continue
            names = ", ".join(volumes.name_of(desired.stack, store, each) for each in here)
            found.append(
                _missing(desired, store, live, names) if live else _unnamed(desired, store, names)
            )
    return found


def _missing(desired: Desired, store: str, live: int, names: str) -> Problem:
    name = volumes.name_of(desired.stack, store, live)
    way = (
        f"There are: {names}. Which of them counts is the number in that file (docs/data.md)."
        if names
        else f"There are no data of {store} any more. To begin with none, take its line out."
    )
    return Problem(
        f"{volumes.FILE} names the volume {name}, which isn't there.",
        str(desired.stack_dir / volumes.FILE),
        f"{way} Or bring that volume back. Then run again.",
    )


def _unnamed(desired: Desired, store: str, names: str) -> Problem:
    return Problem(
        f"The volume {volumes.name_of(desired.stack, store)} isn't there, and no {volumes.FILE} "
        f"says which of the later ones counts: {names}.",
        str(desired.stack_dir / volumes.FILE),
        "Bring that file back from the stack's former directory, or write it (docs/data.md). "
        "Where those data may go, remove them: `docker volume rm NAME`.",
    )
