"""What goes when a stack is taken down: never somebody else's, and data only where they are named.

Here it is found out, and refused; the modules of community.docker do it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..docker import Docker, engine, jobs, marker_of, ownership, volumes
from ..errors import GroundworkError
from ..records import Record


@dataclass(frozen=True)
class Removal(Record):
    """What goes, in this order.

    `stop`: the project's containers and networks, a person's own among them. `containers`, by id:
    those of one service, and where data go, jobs of runs that were killed. `volumes`: data.
    `forget`: the stores that `infra/volumes.json` names no more, before the volumes that it named
    go, which are `last`, and behind all of a stack's its owner's mark: cut short anywhere, older
    data never become the live ones again.
    `snapshots`: names of those that stay, though all data go.
    """

    stop: bool = False
    containers: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()


def removal(
    docker: Docker,
    name: str,
    directory: Path,
    data: bool,
    service: str,
    check: bool,
    required: bool = True,
) -> Removal:
    """What goes of the stack `name`, from the directory of its Compose file.

    That needn't be there any more. Where the data are kept, it is written down whose they are,
    unless it is a `check`: soon no container says it. Raises GroundworkError, with `required` also
    where `service` has no data.
    """
    found = volumes.listed(docker, name)
    containers = engine.listed(docker, name)
    _check_owner(name, directory, containers, found)
    there = volumes.by_store(found, name)
    live = volumes.read(directory) if data or service else {}
    left = jobs.left(docker, name) if data or service else []
    if service:
        of_service = _of_service(name, service, containers, there, live, required)
        return replace(of_service, containers=(*of_service.containers, *left))
    snapshots = volumes.snapshots(docker, name)
    if (there or snapshots) and not data and not check:
        ownership.claim(docker, name, directory)
    whole = Removal(stop=bool(containers) or _has_networks(docker, name))
    if not data:
        return whole
    kept = tuple(snapshots)
    everything = _data(name, there, live)
    work = (*everything.volumes, *jobs.places(docker, name))
    whole = replace(
        everything, stop=whole.stop, containers=tuple(left), volumes=work, snapshots=kept
    )
    # A snapshot stays this directory's
    mark = [marker_of(name)] if marker_of(name) in found and not snapshots else []
    return replace(whole, last=(*whole.last, *mark))


def _data(name: str, there: Mapping[str, Sequence[int]], live: Mapping[str, int]) -> Removal:
    """The volumes of all generations of these stores."""
    first: list[str] = []
    last: list[str] = []
    for store, generations in there.items():
        for each in generations:
            by_file = each and each == live.get(store)
            (last if by_file else first).append(volumes.name_of(name, store, each))
    return Removal(volumes=tuple(first), forget=tuple(sorted(live)), last=tuple(last))


def _check_owner(
    name: str,
    directory: Path,
    containers: Sequence[dict[str, Any]],
    found: Mapping[str, Mapping[str, str]],
) -> None:
    started = engine.by_service(containers).values()
    other = ownership.other_owner(name, directory, started, found)
    if other:
        raise ownership.refusal(
            name,
            directory,
            other,
            "Stop it from that directory. Where nobody can, "
            f"`docker compose --project-name {name} down` does (data stay).",
        )


def _of_service(
    name: str,
    service: str,
    containers: Sequence[dict[str, Any]],
    there: Mapping[str, Sequence[int]],
    live: Mapping[str, int],
    required: bool,
) -> Removal:
    """One service's containers and data; the others run on."""
    data = _data(
        name,
        {store: each for store, each in there.items() if store.partition(".")[0] == service},
        {store: each for store, each in live.items() if store.partition(".")[0] == service},
    )
    if not (data.volumes or data.forget or data.last) and required:
        raise GroundworkError(
            f"The stack {name!r} has no data of {service!r}; nothing was touched.",
            where="stack_remove_data",
            next_step=f"There are data of: {_services(there) or 'none'}.",
        )
    found = [c["Id"] for c in containers if engine.labels(c).get(engine.SERVICE_LABEL) == service]
    return replace(data, containers=tuple(found))


def _services(stores: Iterable[str]) -> str:
    return ", ".join(sorted({name.partition(".")[0] for name in stores}))


def _has_networks(docker: Docker, name: str) -> bool:
    label = f"label={engine.PROJECT_LABEL}={name}"
    listed = docker.run("network", "ls", "--quiet", "--filter", label, timeout=15)
    if not listed.ok:
        raise GroundworkError(
            f"The Docker engine can't be asked for the networks: {listed.error}",
            next_step="See that `docker info` works for the user who runs this.",
        )
    return bool(listed.stdout.strip())
