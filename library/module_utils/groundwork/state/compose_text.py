"""The Compose file's text as one machine needs it: its engine's options, its live volumes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ..docker import volumes
from ..services import Service, service_type


def for_machine(
    text: str,
    stack: str,
    services: Iterable[Service],
    live: Mapping[str, int],
    quick_start: bool,
) -> str:
    """`text` is the template's; `live` the stores' generations.

    `quick_start`: the engine knows `start_interval` (API 1.44); Compose refuses the file on an
    older one, so there those lines are left out.
    """
    lines = text.splitlines(keepends=True)
    text = "".join(x for x in lines if quick_start or not x.lstrip().startswith("start_interval:"))
    for service in services:
        stores = service_type(service).stores(service)
        later = {store: live[store] for store in stores if live.get(store)}
        for store, generation in later.items():
            text = _with_volume(text, stack, store, generation)
        if later:
            text = _with_label(text, service, later)
    return text


def _with_volume(text: str, stack: str, store: str, generation: int) -> str:
    """An external one: Compose never makes an empty one in its place."""
    first = re.escape(f"  {store}_data:\n    name: {volumes.name_of(stack, store)}\n")
    name = volumes.name_of(stack, store, generation)
    return re.sub(
        rf"^{first}(?:    .*\n)*",
        f"  {store}_data:\n    name: {name}\n    external: true\n",
        text,
        count=1,
        flags=re.MULTILINE,
    )


def _with_label(text: str, service: Service, later: Mapping[str, int]) -> str:
    """Compose doesn't replace a container for another volume's name alone."""
    told = " ".join(f"{store}={generation}" for store, generation in later.items())
    line = f"groundwork.checksum: ${{{service.prefix}_CHECKSUM}}\n"
    return re.sub(
        rf"^( +){re.escape(line)}",
        lambda found: f"{found[0]}{found[1]}{volumes.GENERATION_LABEL}: {told}\n",
        text,
        count=1,
        flags=re.MULTILINE,
    )
