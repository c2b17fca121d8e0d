"""The images that are here, asked of the engine once, until another one may have come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..docker import Docker


class Here:
    """What `docker image inspect` says, by name. Whoever brings an image calls `forget`."""

    def __init__(self, docker: Docker) -> None:
        self._docker = docker
        self._known: dict[str, dict[str, Any] | None] = {}

    def inspect(self, names: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Those of `names` that are here. Raises GroundworkError."""
        wanted = sorted(set(names))
        if unknown := [name for name in wanted if name not in self._known]:
            found = self._docker.inspect("image", unknown)
            self._known |= {name: found.get(name) for name in unknown}
        return {name: image for name in wanted if (image := self._known[name]) is not None}

    def forget(self) -> None:
        """They may be others now."""
        self._known.clear()
