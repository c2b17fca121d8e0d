"""Compose brought to what its files say, and what that changed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import dotenv, engine
from .docker import Docker, Result
from .errors import GroundworkError
from .files import read

_PORT_TAKEN = ("port is already allocated", "address already in use")
_UP = ("up", "--detach", "--no-build", "--pull", "never", "--remove-orphans")


def run(docker: Docker, folder: Path, *args: str, timeout: float = 60) -> Result:
    """Run `docker compose ARGS` on the files in `folder`, a person's override file with them.

    What is exported in a person's shell doesn't count: it would win over `.env`, and another file
    or project could be meant.
    """
    files = [folder / name for name in ("docker-compose.yml", "docker-compose.override.yml")]
    named = [part for file in files if file.exists() for part in ("-f", str(file))]
    return _run(docker, folder, folder / ".env", *named, *args, timeout=timeout)


def check(docker: Docker, folder: Path, compose_file: Path, env_file: Path) -> Result:
    """Let Compose read two files as if they were those of `folder`, before they are."""
    named = ("--env-file", str(env_file), "-f", str(compose_file))
    return _run(docker, folder, env_file, *named, "config", "--quiet", timeout=60)


def _run(docker: Docker, folder: Path, env_file: Path, *args: str, timeout: float) -> Result:
    names = set(dotenv.parse(read(env_file) or ""))
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in names and not name.startswith("COMPOSE_")
    }
    return replace(docker, env=env).run(
        *("compose", "--ansi", "never", "--progress", "plain"),
        *("--project-directory", str(folder), *args),
        timeout=timeout,
    )


def config_hashes(docker: Docker, folder: Path) -> dict[str, str] | None:
    """What Compose would label each service's container with, from the files on the disk."""
    if not (folder / "docker-compose.yml").exists():
        return None
    result = run(docker, folder, "config", "--hash", "*")
    pairs = (line.split() for line in result.stdout.splitlines())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2} if result.ok else None


def up(docker: Docker, project: str, folder: Path) -> dict[str, str]:
    """Start what differs from the files in `folder`; doesn't wait until it is healthy.

    Returns what happened to each service: created, recreated, started, removed; nothing for those
    that ran as they should. Raises GroundworkError with Compose's own last lines.
    """
    nothing = "\nservices: {}\n" in (read(folder / "docker-compose.yml") or "")
    if nothing and engine.containers(docker, project) is None:
        return {}  # all services are external, and there is no engine: none is needed
    remove_unfinished(docker, project)
    before = _look(docker, project)
    result = run(docker, folder, *_UP, timeout=600)
    if not result.ok and "no service selected" in result.stderr:
        # All services are external; what ran here before they were goes, its data stay.
        result = run(docker, folder, "down", "--remove-orphans", timeout=600)
    if not result.ok:
        taken = any(sign in result.stderr for sign in _PORT_TAKEN)
        raise GroundworkError(
            "The services can't be started.",
            where=str(folder / "docker-compose.yml"),
            details=result.stderr.strip().splitlines()[-8:],
            next_step="Somebody took a port just now; run again to see who."
            if taken
            else "Mend what Compose says above and run again; what started keeps running.",
        )
    return compare(before, _look(docker, project))


def remove_unfinished(docker: Docker, project: str) -> None:
    """Remove the containers that an interrupted `up` made and never started.

    To replace a container, Compose makes the new one under a name for the time being, the old one's
    id in front. Killed before it gives it the right name, it can't go on by itself: the next `up`
    fails with a conflict of names. Such a container never ran, and data are in volumes.
    """
    listed = docker.run(
        *("ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}}"),
        *(f"--filter=label=com.docker.compose.project={project}", "--filter=status=created"),
    )
    for line in listed.stdout.splitlines():
        container, _, name = line.partition(" ")
        if re.match(rf"[0-9a-f]{{12}}_{re.escape(project)}-", name):
            docker.run("rm", container)


def _look(docker: Docker, project: str) -> dict[str, tuple[str, str]]:
    found: Mapping[str, Mapping[str, Any]] = engine.containers(docker, project) or {}
    return {name: (item["Id"], item["State"]["StartedAt"]) for name, item in found.items()}


def compare(
    before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]
) -> dict[str, str]:
    """From two looks at (container id, started at) by service, what happened between them."""
    happened = dict.fromkeys(set(before) - set(after), "removed")
    for name, (identity, started) in after.items():
        if name not in before:
            happened[name] = "created"
        elif before[name][0] != identity:
            happened[name] = "recreated"
        elif before[name][1] != started:
            happened[name] = "started"
    return happened
