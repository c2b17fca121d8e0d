"""A stack stopped, and its data removed where they are named; never somebody else's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..docker import Docker, Result, engine, ownership
from ..errors import GroundworkError
from . import survey


@dataclass(frozen=True)
class Stack:
    """A stack by its name, from the folder of its Compose file, which needn't be there any more."""

    docker: Docker
    name: str
    folder: Path

    def volumes(self) -> list[str]:
        """Its data's volumes, once it is known to be this folder's. Raises GroundworkError."""
        found = survey.volumes(self.docker, self.name)
        containers = (engine.containers(self.docker, self.name) or {}).values()
        other = ownership.other_owner(self.name, self.folder, containers, found)
        if other:
            raise ownership.refusal(
                self.name,
                self.folder,
                other,
                "Stop it from that folder. Where nobody can, "
                f"`docker compose --project-name {self.name} down` does (data stay).",
            )
        return sorted(name for name in found if survey.data_of(name, self.name))

    def stop(self, check: bool) -> bool:
        """Remove its containers and networks, a person's own too; returns whether there were any.

        By its name alone, so that it goes from any folder, with or without its files.
        """
        env = {k: v for k, v in os.environ.items() if not k.startswith("COMPOSE_")}
        dry = ["--dry-run"] if check else []
        result = replace(self.docker, env=env).run(
            *("compose", "--ansi", "never", "--progress", "plain", *dry),
            *("--project-name", self.name, "down", "--remove-orphans"),
            timeout=600,
            cwd="/",
        )
        _succeeded(result, f"The stack {self.name!r} can't be stopped")
        return "Removed" in result.stderr

    def remove_all(self, volumes: Sequence[str], check: bool) -> list[str]:
        """Remove all of its data, and then its owner's mark."""
        if not check:
            if volumes:
                removed = self.docker.run("volume", "rm", *volumes)
                _succeeded(removed, "The data can't be removed")
            self.docker.run("volume", "rm", "--force", ownership.marker_of(self.name))
        return list(volumes)

    def remove_service(self, service: str, volumes: Sequence[str], check: bool) -> list[str]:
        """Remove one service's container and data; the others run on."""
        data = {survey.data_of(name, self.name): name for name in volumes}
        if service not in data:
            raise GroundworkError(
                f"The stack {self.name!r} has no data of {service!r}; nothing was touched.",
                where="stack_remove_data",
                next_step=f"There are data of: {', '.join(sorted(data)) or 'none'}.",
            )
        if not check:
            label = f"label={survey.PROJECT_LABEL}={self.name}"
            mine = ("--filter", label, "--filter", f"label={survey.SERVICE_LABEL}={service}")
            found = self.docker.run("ps", "-aq", *mine).stdout.split()
            if found:
                self.docker.run("rm", "--force", *found)
            removed = self.docker.run("volume", "rm", data[service])
            _succeeded(removed, f"The data of {service} can't be removed")
        return [data[service]]


def _succeeded(result: Result, what: str) -> None:
    if not result.ok:
        raise GroundworkError(
            f"{what}: {result.stderr.strip().splitlines()[-1] if result.stderr.strip() else '?'}",
            where="the Docker engine",
            next_step="See that `docker ps --all` works for the user who runs this, and that no "
            "other container uses the volume. Then run again.",
        )


def take_down(
    docker: Docker, name: str, folder: Path, data: bool, service: str, check: bool
) -> dict[str, object]:
    """The module stack_down's answer. Raises GroundworkError."""
    stack = Stack(docker, name, folder)
    volumes = stack.volumes()
    if service:
        removed = stack.remove_service(service, volumes, check)
        return {"changed": True, "volumes": removed}
    if volumes and not data and not check:
        ownership.claim(docker, name, folder)  # soon no container says it any more
    changed = stack.stop(check)
    removed = stack.remove_all(volumes, check) if data else []
    return {"changed": changed or bool(removed), "volumes": removed}
