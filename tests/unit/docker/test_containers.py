"""Containers as the engine shows them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.docker.cli import Docker
from ansible.module_utils.groundwork.docker.containers import Project, parse, trouble
from ansible.module_utils.groundwork.errors import GroundworkError


def inspected(**state: Any) -> dict[str, Any]:
    return {
        "Id": "abc",
        "Name": "/it-redis-1",
        "Created": "2026-01-01T00:00:00Z",
        "RestartCount": 2,
        "Config": {"Labels": {"com.docker.compose.service": "redis"}},
        "State": {"Status": "running", "ExitCode": 0, "OOMKilled": False, "Error": "",
                  "StartedAt": "2026-01-01T10:00:00.123456789Z", **state},
    }  # fmt: skip


def test_an_inspected_container_is_read() -> None:
    log = [{"End": "2026-01-01T11:00:09.5+01:00", "Output": "\x1b[31mno\nPONG\x1b[0m"}]
    one = parse(inspected(Health={"Status": "starting", "Log": log}))
    assert (one.name, one.service, one.restarts) == ("it-redis-1", "redis", 2)
    assert (one.health, one.health_output) == ("starting", "no PONG")
    assert one.checked == log[0]["End"]
    assert parse(inspected()).health == ""
    assert trouble(parse(inspected()), None) == ""


@pytest.mark.parametrize(
    ("checked", "health"),
    [
        ("2026-01-01T10:00:05.1Z", "unhealthy"),
        ("2026-01-01T11:00:05+01:00", "unhealthy"),
        ("2026-01-01T09:59:59.9Z", "starting"),
        ("2026-01-01T10:59:59.9+01:00", "starting"),
        ("garbage", "unhealthy"),
    ],
)
def test_a_verdict_on_the_former_process_does_not_count(checked: str, health: str) -> None:
    log = [{"End": checked, "Output": ""}]
    assert parse(inspected(Health={"Status": "unhealthy", "Log": log})).health == health


def test_no_engine_is_an_error_with_a_next_step() -> None:
    with pytest.raises(GroundworkError, match="can't be inspected") as caught:
        Project(Docker("no-such-docker-program"), "it").inspect()
    assert caught.value.next_step
