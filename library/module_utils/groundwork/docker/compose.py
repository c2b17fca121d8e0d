"""Compose brought to what its files say, and what that changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .. import dotenv
from ..environment import COMPOSE_UNSET
from ..errors import GroundworkError
from ..files import read
from ..records import Record
from . import engine, jobs, ownership, volumes
from .cli import CommandResult, Docker
from .compose_program import compose_program

_PORT_TAKEN = ("port is already allocated", "address already in use")
OVERRIDE = "docker-compose.override.yml"
_UP = ("up", "--detach", "--no-build", "--pull", "never", "--remove-orphans")


@dataclass(frozen=True)
class ComposeResult(Record):
    """The result of the module compose_up: what happened to containers, by service: created,
    recreated, started, unpaused or removed. Those that ran as they should aren't there."""

    services: Mapping[str, str] = field(default_factory=dict)


def run(
    docker: Docker, project: str, directory: Path, *args: str, timeout: float = 60
) -> CommandResult:
    """Run `docker compose ARGS` for `project` on the files in `directory`, an override file with
    them.

    Neither what is exported in a person's shell nor a COMPOSE_* line in `.env` leads it to another
    project, file or set of services.
    """
    named = _named(directory)
    return _run(docker, project, directory, directory / ".env", *named, *args, timeout=timeout)


def _named(directory: Path) -> list[str]:
    files = [directory / name for name in ("docker-compose.yml", OVERRIDE)]
    return [part for file in files if file.exists() for part in ("-f", str(file))]


def check(
    docker: Docker, project: str, directory: Path, compose_file: Path, env_file: Path
) -> CommandResult:
    """Let Compose read two files as if they were those of `directory`, before they are."""
    named = ("--env-file", str(env_file), "-f", str(compose_file))
    return _run(docker, project, directory, env_file, *named, "config", "--quiet", timeout=60)


def _run(
    docker: Docker, project: str, directory: Path, env_file: Path, *args: str, timeout: float
) -> CommandResult:
    client = replace(docker, env=_environment(read(env_file) or "", os.environ))
    return client.run("compose", *_arguments(project, directory, *args), timeout=timeout)


def _arguments(project: str, directory: Path, *args: str) -> list[str]:
    plain = ["--ansi", "never", "--progress", "plain"]
    return [*plain, "--project-name", project, "--project-directory", str(directory), *args]


def _alone(docker: Docker, project: str, directory: Path, *args: str) -> CommandResult | None:
    """What Compose's own program answers; None where it can't, and the Docker client is to."""
    env = _environment(read(directory / ".env") or "", os.environ)
    program = compose_program(docker.cli, env) if docker.env is None else None
    if program is None:
        return None
    arguments = _arguments(project, directory, *_named(directory), *args)
    result = replace(docker, cli=program, env=env).run(*arguments)
    return result if result.ok or result.code == 124 else None


def _environment(text: str, exported: Mapping[str, str]) -> dict[str, str]:
    """The environment for Compose beside an env file with `text`.

    What is exported wins over the file for Compose, so neither the file's variables nor Compose's
    own are handed on. Its own that the file names are given as if they were not set: so they win.
    """
    names = set(dotenv.parse(text))
    env = {
        name: value
        for name, value in exported.items()
        if name not in names and not name.startswith("COMPOSE_")
    }
    named = set(re.findall(r"COMPOSE_\w+", text)) - {"COMPOSE_PROFILES"}
    return env | {name: COMPOSE_UNSET.get(name, "") for name in named}


def config_hashes(
    docker: Docker, project: str, directory: Path, *options: str
) -> dict[str, str] | None:
    """What Compose would label each service's container with, from the files on the disk.

    None where there is no Compose file, or Compose can't read it.
    """
    if not (directory / "docker-compose.yml").exists():
        return None
    asked = (*options, "config", "--hash", "*")
    result = _alone(docker, project, directory, *asked) or run(docker, project, directory, *asked)
    pairs = (line.split() for line in result.stdout.splitlines())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2} if result.ok else None


def services_in(text: str) -> set[str]:
    """The services in a Compose file that this project wrote."""
    _, _, rest = text.partition("\nservices:")
    section = re.split(r"^\w", rest, maxsplit=1, flags=re.MULTILINE)[0]
    return set(re.findall(r"^  ([a-z0-9-]+):", section, re.MULTILINE))


def up(docker: Docker, project: str, directory: Path) -> ComposeResult:
    """Start what differs from the files in `directory`; doesn't wait until it is healthy.

    Raises GroundworkError with Compose's own last lines, or where the stack belongs to another
    directory.
    """
    nothing = "\nservices: {}\n" in (read(directory / "docker-compose.yml") or "")
    if nothing and engine.containers(docker, project) is None:
        return ComposeResult()  # all services are external, and there is no engine: none is needed
    if not nothing:
        ownership.claim(docker, project, directory)
        jobs.clear(docker, project)
    live = volumes.read(directory)
    found = engine.listed(docker, project)
    before = engine.by_service(found)
    # Compose doesn't compare where secrets are mounted from, which is gone where a directory moved
    moved = any(ownership.started_elsewhere(each, directory) for each in before.values())
    unpaused = make_ready(docker, project, found)
    result = run(docker, project, directory, *_UP, *(["--force-recreate"] * moved), timeout=600)
    if not result.ok and "no service selected" in result.stderr:
        # All services are external; what ran here before they were goes, its data stay.
        result = run(docker, project, directory, "down", "--remove-orphans", timeout=600)
    if not result.ok:
        taken = any(sign in result.stderr for sign in _PORT_TAKEN)
        raise GroundworkError(
            "The services can't be started.",
            where=str(directory / "docker-compose.yml"),
            details=result.stderr.strip().splitlines()[-8:],
            next_step="Somebody took a port just now; run again to see who."
            if taken
            else "Fix what Compose says above and run again; what started keeps running.",
        )
    after = _on_live_volumes(docker, project, directory, live, before)
    return ComposeResult(unpaused | compare(_starts(before), _starts(after)))


def _on_live_volumes(
    docker: Docker,
    project: str,
    directory: Path,
    live: Mapping[str, int],
    before: Mapping[str, Mapping[str, Any]],
) -> dict[str, dict[str, Any]]:
    """The containers by service, each on its live volumes. Raises GroundworkError.

    Compose leaves a container alone for which only its volume's name changed. Those of a person's
    own, in the override file, that had a former volume together with ours are made anew too.
    """
    ours = services_in(read(directory / "docker-compose.yml") or "")

    def wrong(found: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
        told = {name: volumes.not_live(each, project, live) for name, each in found.items()}
        return {name: mounted for name, mounted in told.items() if mounted}

    left = {
        volume for name, each in wrong(before).items() if name in ours for volume in each.values()
    }
    after = engine.by_service(engine.listed(docker, project))
    stale = [name for name, each in wrong(after).items() if name in ours or left & {*each.values()}]
    if not stale:
        return after
    result = run(
        docker, project, directory, *_UP, "--no-deps", "--force-recreate", *stale, timeout=600
    )
    after = engine.by_service(engine.listed(docker, project))
    still = [each for each in wrong(after).items() if each[0] in ours]
    if still or not result.ok:
        raise GroundworkError(
            "; ".join(
                f"{name} is on the volume {mounted}, wanted {volume}"
                for name, each in still
                for volume, mounted in each.items()
            )
            or "The containers can't be made anew on their live volumes.",
            where=str(directory / volumes.FILE),
            details=result.stderr.strip().splitlines()[-8:],
            next_step=f"See that {OVERRIDE} names no volume of another number, then run again.",
        )
    return after


def make_ready(docker: Docker, project: str, found: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Put right what `up` can't: containers that are paused, half-made or half-removed.

    Paused ones are woken. To replace a container, Compose makes the new one under a name for the
    time being, the old one's id in front; killed before it gives it the right name, it can't go on
    by itself, since the names are in conflict. Such a container never ran; one that is dead or
    being removed never runs again. They go, and data are in volumes.

    Returns what was woken, by service.
    """
    woken: dict[str, str] = {}
    unfinished = re.compile(rf"/[0-9a-f]{{12}}_{re.escape(project)}-")
    for each in found:
        container, state = each["Id"], each["State"]["Status"]
        if state == "paused" and docker.run("unpause", container).ok:
            woken[engine.labels(each).get(engine.SERVICE_LABEL, "")] = "unpaused"
        elif state in ("dead", "removing"):
            docker.run("rm", "--force", container)
        elif state == "created" and unfinished.match(each["Name"]):
            docker.run("rm", container)
    return woken


def _starts(found: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    return {name: (item["Id"], item["State"]["StartedAt"]) for name, item in found.items()}


def compare(
    before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]
) -> dict[str, str]:
    """From two inspections, (container id, started at) by service, what happened between them."""
    happened = dict.fromkeys(set(before) - set(after), "removed")
    for name, (identity, started) in after.items():
        if name not in before:
            happened[name] = "created"
        elif before[name][0] != identity:
            happened[name] = "recreated"
        elif before[name][1] != started:
            happened[name] = "started"
    return happened
