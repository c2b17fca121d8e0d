"""Settings that a server itself checks, before the container that has the old ones goes.

A throw-away container of the image that will run starts the server with them on nothing: no
network, no volume, no more memory than the service may have. It ends by itself and is removed then,
also where whoever started it was killed; one that never started goes with the next.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..docker import CommandResult, Docker, engine
from ..errors import GroundworkError
from ..services import Service, service_type, settings
from ..text import clean, one_line

TRIAL_LABEL = "groundwork.trial"
_SECONDS = 90
_MEMORY = "1g"  # where the service has no limit of its own


def check(
    docker: Docker, stack: str, services: Iterable[Service], images: Mapping[str, str]
) -> None:
    """Raise GroundworkError where a server refuses what its entry says, or can't be asked.

    Asked are those whose container has other settings, or is of another image than `images` says,
    a reference by service; and those without one.
    """
    due = [service for service in services if service.settings]
    if not due:
        return
    running = engine.containers(docker, stack) or {}
    refused = [
        error
        for service in due
        if _differs(running.get(service.name), service, images[service.name])
        if (error := _refusal(docker, stack, service, images[service.name], running))
    ]
    if len(refused) == 1:
        raise refused[0]
    if refused:
        raise GroundworkError(
            "The settings of several services are refused by their servers.",
            where=", ".join(error.where for error in refused),
            details=[line for error in refused for line in (error.what, *error.details)],
            next_step=refused[0].next_step,
        )


def _differs(container: Mapping[str, Any] | None, service: Service, image: str) -> bool:
    if container is None:
        return True
    has = engine.labels(container).get(settings.LABEL, "")
    return bool(settings.differing(has, service.settings)) or container["Config"]["Image"] != image


def _refusal(
    docker: Docker, stack: str, service: Service, image: str, running: Mapping[str, Any]
) -> GroundworkError | None:
    rules = service_type(service).settings
    assert rules  # else it has none
    trial = rules.trial(service.settings)
    result = _try(docker, stack, service, image, trial)
    words = rules.refusal(result.code, result.stderr, result.stdout.split())
    if result.ok and not words:
        return None
    where = f"stack_services.{service.name}.settings"
    stays = "Nothing was changed"
    if service.name in running:
        stays += f", and the container of {service.name} runs on as it was"
    if words or result.code == settings.REFUSED:
        said = [one_line(clean(each)) for each in words] or ["nothing; it ended at once"]
        return GroundworkError(
            f"{service.name}: the server refuses its settings. {stays}.",
            where=_named(where, service.settings, said[0]),
            details=[f"{image} says:", *said],
            next_step="Correct them in stack_services, then run again.",
        )
    return GroundworkError(
        f"{service.name}: whether its settings hold could not be tried. {stays}.",
        where=where,
        details=[f"{image}: {_failure(result, service)}"],
        next_step="Fix what is said above, or take the settings out of stack_services, then run "
        "again.",
    )


def _named(where: str, values: Mapping[str, Any], said: str) -> str:
    """The place of the setting that the server speaks of, where it says which."""
    names = [name for name in values if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", said)]
    if not names:  # a library that isn't there
        texts = {name: str(value) for name, value in values.items()}
        quoted = re.findall(r'"([^"]+)"', said)
        names = [name for name, text in texts.items() if any(each in text for each in quoted)]
    return f"{where}.{names[0]}" if len(names) == 1 else where


def _failure(result: CommandResult, service: Service) -> str:
    if result.code == 137:
        limit = service.limits.get("memory")
        return f"it was killed: it takes more than {limit or _MEMORY} of memory" + (
            "" if limit else f" (a trial's {_MEMORY}; give the service a `memory` of its own)"
        )
    lines = [clean(line) for line in result.stderr.strip().splitlines()]
    return " ".join(one_line(line) for line in lines[-3:]) or f"ended with code {result.code}"


def _try(
    docker: Docker, stack: str, service: Service, image: str, trial: settings.Trial
) -> CommandResult:
    # Of this process alone: a check beside a run tries the same
    name = f"{stack}-{service.name}-settings-trial-{os.getpid()}"
    _remove_left(docker, stack)
    try:
        return docker.run(
            *("run", "--rm", "--name", name, "--label", f"{TRIAL_LABEL}={stack}"),
            *("--pull", "never", "--network", "none", "--read-only", "--user", trial.user),
            *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--pids-limit", "512"),
            *("--memory", str(service.limits.get("memory", _MEMORY)), "--log-driver", "none"),
            *(part for place in trial.places for part in ("--tmpfs", place)),
            *("--entrypoint", "sh", image, "-uc", trial.script, "sh", *trial.arguments),
            timeout=_SECONDS,
        )
    finally:
        docker.run("rm", "--force", "--volumes", name)


def _remove_left(docker: Docker, stack: str) -> None:
    states = ("created", "exited", "dead")
    asked = [f"label={TRIAL_LABEL}={stack}", *(f"status={state}" for state in states)]
    found = docker.run("ps", "-aq", *(part for each in asked for part in ("--filter", each)))
    if found.ok and (left := found.stdout.split()):
        docker.run("rm", "--force", "--volumes", *left)
