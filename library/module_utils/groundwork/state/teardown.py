"""What goes when a stack is taken down: never somebody else's, and data only where they are named.

Here it is found out, and refused; the modules of community.docker do it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..docker import Docker, engine, marker_of, ownership
from ..errors import GroundworkError
from . import survey


@dataclass(frozen=True)
class Removal:
    """What goes, in this order.

    `stop`: the project's containers and networks, a person's own among them. `containers`: those of
    one service, by id. `volumes`: data, and behind all of a stack's its owner's mark.
    """

    stop: bool = False
    containers: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """As the module stack_removal returns it."""
        return {
            "stop": self.stop,
            "containers": list(self.containers),
            "volumes": list(self.volumes),
        }


def removal(
    docker: Docker, name: str, folder: Path, data: bool, service: str, check: bool
) -> Removal:
    """What goes of the stack `name`, from the folder of its Compose file.

    That needn't be there any more. Where the data are kept, it is written down whose they are,
    unless it is a `check`: soon no container says it. Raises GroundworkError.
    """
    found = _own_volumes(docker, name, folder)
    stores = {survey.data_of(volume, name): volume for volume in sorted(found)}
    stores.pop("", None)  # the mark
    if service:
        return _of_service(docker, name, service, stores)
    if stores and not data and not check:
        ownership.claim(docker, name, folder)
    mark = [marker_of(name)] if marker_of(name) in found else []
    project = f"{survey.PROJECT_LABEL}={name}"
    return Removal(
        stop=bool(_ids(docker, "ps", "-a", project) or _ids(docker, "network", "ls", project)),
        volumes=(*stores.values(), *mark) if data else (),
    )


def _own_volumes(docker: Docker, name: str, folder: Path) -> Mapping[str, Mapping[str, str]]:
    """The stack's volumes, once it is known to be this folder's."""
    found = survey.volumes(docker, name)
    containers = (engine.containers(docker, name) or {}).values()
    other = ownership.other_owner(name, folder, containers, found)
    if other:
        raise ownership.refusal(
            name,
            folder,
            other,
            "Stop it from that folder. Where nobody can, "
            f"`docker compose --project-name {name} down` does (data stay).",
        )
    return found


def _of_service(docker: Docker, name: str, service: str, stores: Mapping[str, str]) -> Removal:
    """One service's containers and data; the others run on."""
    if service not in stores:
        raise GroundworkError(
            f"The stack {name!r} has no data of {service!r}; nothing was touched.",
            where="stack_remove_data",
            next_step=f"There are data of: {', '.join(sorted(stores)) or 'none'}.",
        )
    labels = (f"{survey.PROJECT_LABEL}={name}", f"{survey.SERVICE_LABEL}={service}")
    return Removal(containers=_ids(docker, "ps", "-a", *labels), volumes=(stores[service],))


def _ids(docker: Docker, command: str, option: str, *labels: str) -> tuple[str, ...]:
    filters = (f"--filter=label={label}" for label in labels)
    listed = docker.run(command, option, "-q", "--no-trunc", *filters, timeout=10)
    if not listed.ok:
        raise GroundworkError(
            f"The Docker engine can't be asked what it has: {listed.error}",
            next_step="See that `docker info` works for the user who runs this.",
        )
    return tuple(listed.stdout.split())
