"""What goes when a stack is taken down: never somebody else's, and data only where they are named.

Here it is found out, and refused; the modules of community.docker do it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..docker import Docker, engine, marker_of, ownership
from ..errors import GroundworkError
from ..records import Record
from . import stack_containers


@dataclass(frozen=True)
class Removal(Record):
    """What goes, in this order.

    `stop`: the project's containers and networks, a person's own among them. `containers`: those of
    one service, by id. `volumes`: data, and behind all of a stack's its owner's mark.
    """

    stop: bool = False
    containers: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()


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
    found = stack_containers.volumes(docker, name)
    containers = engine.listed(docker, name)
    _check_owner(name, directory, containers, found)
    stores = {stack_containers.data_of(volume, name): volume for volume in sorted(found)}
    stores.pop("", None)  # the mark
    if service:
        return _of_service(name, service, containers, stores, required)
    if stores and not data and not check:
        ownership.claim(docker, name, directory)
    mark = [marker_of(name)] if marker_of(name) in found else []
    return Removal(
        stop=bool(containers) or _has_networks(docker, name),
        volumes=(*stores.values(), *mark) if data else (),
    )


def _check_owner(
    name: str,
    directory: Path,
    containers: Sequence[dict[str, Any]],
    volumes: Mapping[str, Mapping[str, str]],
) -> None:
    started = engine.by_service(containers).values()
    other = ownership.other_owner(name, directory, started, volumes)
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
    stores: Mapping[str, str],
    required: bool,
) -> Removal:
    """One service's containers and data; the others run on."""
    mine = {name: volume for name, volume in stores.items() if name.partition(".")[0] == service}
    if not mine and required:
        raise GroundworkError(
            f"The stack {name!r} has no data of {service!r}; nothing was touched.",
            where="stack_remove_data",
            next_step=f"There are data of: {_services(stores) or 'none'}.",
        )
    found = [c["Id"] for c in containers if engine.labels(c).get(engine.SERVICE_LABEL) == service]
    return Removal(containers=tuple(found), volumes=tuple(mine.values()))


def _services(stores: Mapping[str, str]) -> str:
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
