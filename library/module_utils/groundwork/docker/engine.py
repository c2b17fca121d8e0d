"""What the engine says of itself and of one Compose project, read and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import GroundworkError
from ..records import Record
from . import engine_choice
from .cli import CommandResult, Docker

PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
MINIMUM_API = (1, 41)  # Engine 20.10
MINIMUM_COMPOSE = (2, 24)  # start_interval
QUICK_START_API = (1, 44)  # Engine 25: start_interval
SYSTEM_DIRECTORIES = ("/usr/sbin", "/usr/local/sbin")


@dataclass(frozen=True)
class Engine(Record):
    """`state`: ok, absent, stopped, denied, elsewhere, old, no-compose or unknown.

    `error` says why. `elsewhere`: the engine that a person chose gives no answer; `chosen` says by
    what it was chosen and where that leads, `next_step` what to do.
    """

    state: str
    version: str = ""
    api: str = ""
    compose: str = ""
    error: str = ""
    chosen: str = ""
    next_step: str = ""

    @property
    def quick_start(self) -> bool:
        """Whether it knows `start_interval`."""
        return numbers(self.api) >= QUICK_START_API


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: `v2.26.1-4` gives `(2, 26, 1)`, no version `()`."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def judge(
    version: CommandResult,
    compose: CommandResult | None,
    daemon_installed: bool,
    choice: engine_choice.Choice | None = None,
) -> Engine:
    """From the answers of `docker version --format '{{json .}}'` and `docker compose version`.

    None for `compose`: it wasn't asked, since it is known to read the project's file. `choice`:
    that of another engine than this machine's own.
    """
    if not version.ok and choice:
        return Engine(
            "elsewhere", error=version.error, chosen=str(choice), next_step=choice.next_step()
        )
    if version.code == 127:
        state = "stopped" if daemon_installed else "absent"
        return Engine(state, error="there is no docker command")
    if not version.ok:
        text = version.error
        if "permission denied" in text.lower():
            return Engine("denied", error=text)
        if "cannot connect" in text.lower() or "is the docker daemon running" in text.lower():
            return Engine("stopped" if daemon_installed else "absent", error=text)
        return Engine("unknown", error=text)
    server = json.loads(version.stdout).get("Server") or {}
    found, api = str(server.get("Version", "")), str(server.get("ApiVersion", ""))
    if numbers(api) < MINIMUM_API:
        return Engine("old", found, api, error=f"the engine is {found}; 20.10 is the oldest")
    if compose is None:
        return Engine("ok", found, api)
    if not compose.ok:
        return Engine("no-compose", found, api, error="`docker compose` doesn't work")
    plugin = compose.stdout.strip()
    if numbers(plugin) < MINIMUM_COMPOSE:
        error = f"Compose is {plugin}; 2.24 is the oldest"
        return Engine("old", found, api, plugin, error=error)
    return Engine("ok", found, api, plugin)


def inspect(docker: Docker) -> Engine:
    """Ask the engine and its Compose plugin for their versions."""
    return judged(version(docker), compose_version(docker))


def judged(version: CommandResult, compose: CommandResult | None) -> Engine:
    """`judge` on this machine: with what is installed and chosen here."""
    return judge(version, compose, daemon_installed(), engine_choice.chosen())


def version(docker: Docker) -> CommandResult:
    """What the engine says of itself."""
    return docker.run("version", "--format", "{{json .}}", timeout=10)


def compose_version(docker: Docker) -> CommandResult:
    """What the Compose plugin says of itself."""
    return docker.run("compose", "version", "--short", timeout=10)


def daemon_installed(directories: Sequence[str] = SYSTEM_DIRECTORIES) -> bool:
    """Whether an engine is on this machine, running or not.

    Not by PATH alone: an ordinary user's often lacks the sbin directories.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *directories])
    return shutil.which("dockerd", path=path) is not None


def listed(docker: Docker, project: str) -> list[dict[str, Any]]:
    """All containers of a project, as `docker inspect` tells. Raises GroundworkError."""
    label = f"label={PROJECT_LABEL}={project}"
    found = docker.run("ps", "-aq", "--no-trunc", "--filter", label, timeout=15)
    if not found.ok:
        raise GroundworkError(
            f"The containers of the project {project} can't be inspected: {found.error}",
            next_step="See that `docker ps` works for the user who runs this, then run again.",
        )
    return list(docker.inspect("container", found.stdout.split()).values())


def containers(docker: Docker, project: str) -> dict[str, dict[str, Any]] | None:
    """See `by_service`; None where the engine can't be asked."""
    try:
        return by_service(listed(docker, project))
    except GroundworkError:
        return None


def by_service(found: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Inspected containers of one project: each service's newest, those of `run` left out.

    So is one that somebody labelled with the project by hand, and with no service.
    """
    return {
        service: item
        for item in sorted(found, key=lambda item: str(item["Created"]))
        if labels(item).get("com.docker.compose.oneoff") != "True"
        if (service := labels(item).get(SERVICE_LABEL))
    }


def environment(inspected: Mapping[str, Any]) -> dict[str, str]:
    """The environment that an inspected image or container brings."""
    pairs = (item.partition("=") for item in inspected.get("Config", {}).get("Env") or [])
    return {name: value for name, _, value in pairs}


def labels(inspected: Mapping[str, Any]) -> dict[str, str]:
    """The labels of an inspected image, container or volume."""
    found = inspected.get("Labels") or inspected.get("Config", {}).get("Labels") or {}
    return {str(name): str(value) for name, value in found.items()}
