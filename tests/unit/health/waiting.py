"""Services to wait for, with probes and containers as plain functions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.docker.containers import Container
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.health import probe as ask
from ansible.module_utils.groundwork.health import wait
from ansible.module_utils.groundwork.health.probe import Target
from ansible.module_utils.groundwork.health.report import Unhealthy
from ansible.module_utils.groundwork.services import ProbeError

MIXED = parse_services(
    {
        "db": {
            "kind": "postgres",
            "external": True,
            "host": "db.example.com",
            "password": "their-secret",
        },
        "redis": {"kind": "redis", "image": "redis:7-alpine", "port": 6379, "password": "ours"},
    }
)
MIXED_TARGETS = ask.targets(MIXED, "host", None)
SECRET = "s3cret/with slash"
SERVICES = parse_services(
    {
        "postgres": {"kind": "postgres", "image": "postgres:16-alpine", "port": 5432},
        "redis": {"kind": "redis", "image": "redis:7-alpine", "port": 6379},
    }
)
SECRETS = {"POSTGRES_PASSWORD": SECRET, "REDIS_PASSWORD": "other-secret"}
TARGETS = ask.targets(SERVICES, "host", SECRETS)
LONG = 20.0  # nothing here may take it: a test that waits for it hangs visibly


class LeftBehind:
    """A container of our own service, and one of what ran here before somebody else did it."""

    def inspect(self) -> dict[str, Container]:
        own = Container(id="1", name="redis-1", service="redis", status="running")
        old = Container(id="2", name="db-1", service="db", status="running", health="unhealthy")
        return {"redis": own, "db": old}

    def tail(self, container: Container) -> list[str]:
        return []


def well(target: Target, timeout: float) -> str:
    return "1.0"


def failing(name: str, error: ProbeError) -> ask.Probe:
    def probe(target: Target, timeout: float) -> str:
        if target.name == name:
            raise error
        return "1.0"

    return probe


def container(service: str, **state: Any) -> Container:
    return Container(id=service, name=f"it-{service}-1", service=service,
                     **{"status": "running", **state})  # fmt: skip


def containers(**changed: Container | None) -> dict[str, Container]:
    found = {service.name: container(service.name) for service in SERVICES} | changed
    return {name: one for name, one in found.items() if one}


@dataclass
class Looks:
    """A watch that shows one entry after the other, the last one for good."""

    shown: list[Mapping[str, Container] | GroundworkError]
    log: list[str] = field(default_factory=lambda: ["ready"])
    count: int = 0

    def inspect(self) -> Mapping[str, Container]:
        now = self.shown[min(self.count, len(self.shown) - 1)]
        self.count += 1
        if isinstance(now, GroundworkError):
            raise now
        return now

    def tail(self, container: Container) -> list[str]:
        return self.log


def failed_wait(
    probe: ask.Probe, watch: Looks | None = None, timeout: float = LONG
) -> tuple[Unhealthy, str]:
    began = time.monotonic()
    with pytest.raises(Unhealthy) as caught:
        wait.wait(TARGETS, timeout, watch, probe)
    assert time.monotonic() - began < LONG / 2, "it waited for its time-out"
    text = str(caught.value)
    for target in TARGETS:
        assert target.secret not in text
    return caught.value, text
