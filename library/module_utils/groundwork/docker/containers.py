"""The containers of a Compose project: how they are, why that is bad, and what they said last."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..text import clean, one_line
from . import engine
from .cli import Docker


@dataclass(frozen=True)
class Container:
    """One container, as it was when inspected.

    `status` is Docker's word (created, running, paused, restarting, exited, dead); `health` is
    healthy, unhealthy, starting, or `""` without a health check; `health_output` is what the last
    check printed, `checked` when it ended; `restarts` counts the engine's own restarts of it.
    """

    id: str
    name: str
    service: str
    status: str
    exit_code: int = 0
    oom_killed: bool = False
    error: str = ""
    restarts: int = 0
    health: str = ""
    health_output: str = ""
    checked: str = ""

    @property
    def killed(self) -> str:
        """`, killed because ...` where somebody else ended its process, or `""`."""
        if self.oom_killed:
            return ", killed because its memory ran out"
        # Not every host tells the engine about memory: there the code alone is left.
        if self.exit_code == 137:
            return ", killed from outside, often because memory ran out"
        return ""

    @property
    def state(self) -> str:
        """For a sentence: `running, health check unhealthy`, `exited with code 1`."""
        text = self.status
        if self.status in ("exited", "dead", "restarting"):
            text += f" with code {self.exit_code}{self.killed}"
        if self.status == "running" and self.health:
            text += f", health check {self.health}"
        return text


def trouble(now: Container | None, before: Container | None, silent: bool = False) -> str:
    """Why a container won't become healthy by waiting, or `""`.

    `before` is the same service when first inspected: only restarts since then count. A failed
    health check counts where the service is `silent` when it is asked, or where it is one since
    then: a service that recovered is unhealthy for the engine until its next check.
    """
    if now is None:
        return "it has no container" if before is None else "its container is gone"
    if now.status == "restarting":
        return f"its container keeps restarting, with exit code {now.exit_code}{now.killed}"
    if now.status in ("exited", "dead"):
        return f"its container stopped with exit code {now.exit_code}{now.killed}"
    if now.status == "paused":
        return "its container is paused"
    if now.status == "created" and now.error:
        return f"its container could not be started: {now.error}"
    if before and before.id == now.id and now.restarts > before.restarts:
        return f"its container restarted by itself{now.killed}"
    old = before and (before.id, before.checked) == (now.id, now.checked)
    if now.health == "unhealthy" and (silent or not old):
        return "its container's health check failed"
    return ""


def parse(inspected: Mapping[str, Any]) -> Container:
    """A container from its `docker container inspect` entry."""
    state = inspected["State"]
    health = state.get("Health") or {}
    log = health.get("Log") or []
    return Container(
        id=inspected["Id"],
        name=inspected["Name"].lstrip("/"),
        service=engine.labels(inspected).get(engine.SERVICE_LABEL, ""),
        status=state["Status"],
        exit_code=state.get("ExitCode", 0),
        oom_killed=bool(state.get("OOMKilled")),
        error=" ".join(state.get("Error", "").split()),
        restarts=inspected.get("RestartCount", 0),
        health=_health(health.get("Status", ""), log, state.get("StartedAt", "")),
        health_output=clean(log[-1].get("Output", "")) if log else "",
        checked=log[-1].get("End", "") if log else "",
    )


def _health(status: str, log: list[Mapping[str, Any]], started: str) -> str:
    """The health status; a status from before the last start is `starting`.

    A container that was just restarted can still carry the status of its former process.
    """
    if status == "none":
        return ""
    checked = _moment(log[-1].get("End", "")) if log else None
    begun = _moment(started)
    stale = status == "unhealthy" and checked and begun and checked < begun
    return "starting" if stale else status


def _moment(text: str) -> datetime | None:
    """A time of Docker's, to the second; it writes UTC at some places and an offset at others."""
    parts = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)", text)
    if not parts:
        return None
    return datetime.fromisoformat(parts[1] + parts[2].replace("Z", "+00:00"))


@dataclass(frozen=True)
class Project:
    """The containers of one Compose project, asked of the engine at each call."""

    docker: Docker
    name: str

    def inspect(self) -> dict[str, Container]:
        """Each service's newest container. Raises GroundworkError if the engine is silent."""
        found = engine.by_service(engine.listed(self.docker, self.name))
        return {service: parse(item) for service, item in found.items()}

    def tail(self, container: Container, lines: int = 15) -> list[str]:
        """The last `lines` lines of its log, both streams in the order in which they came."""
        result = self.docker.run(
            "logs", "--timestamps", f"--tail={lines}", container.id, timeout=15
        )
        if not result.ok:
            return [f"(the log can't be read: {result.error})"]
        both = (result.stdout + "\n" + result.stderr).splitlines()
        stamped = sorted(both, key=lambda line: line.partition(" ")[0])
        texts = [one_line(clean(line.partition(" ")[2])) for line in stamped]
        return [text for text in texts if text][-lines:]
