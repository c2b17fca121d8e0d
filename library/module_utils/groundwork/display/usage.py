"""What a stack uses of its machine, as rows of a status."""

from __future__ import annotations

from ..state import Usage
from .text import Line, labelled, size


def usage_rows(found: Usage | None) -> list[Line]:
    """A row of the volumes by service and the free space, one of the connections in use."""
    if found is None:
        return []
    sizes: dict[str, int] = {}
    for volume in found.volumes.values():
        if volume.live:
            sizes[volume.service] = sizes.get(volume.service, 0) + volume.size
    told = [f"{name} {size(number)}" for name, number in sizes.items()]
    former = [volume.size for volume in found.volumes.values() if not volume.live]
    volumes = ", ".join([*told, *([f"former volumes {size(sum(former))}"] if former else [])])
    free = "" if found.free is None else f"{size(found.free)} free"
    used = ", ".join(
        f"{name} {each.used} of {each.limit}" if each.limit else f"{name} {each.used}"
        for name, each in found.connections.items()
    )
    rows = (
        [labelled("data", volumes or free, "", free if volumes else "")] if volumes or free else []
    )
    return rows + ([labelled("in use", f"connections: {used}")] if used else [])
