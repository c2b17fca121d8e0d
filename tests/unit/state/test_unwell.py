"""When a status ends well: nothing in the way, nothing to do, and a person's own services too."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.errors import Problem
from ansible.module_utils.groundwork.state import Inspection, State, plan, unwell
from ansible.module_utils.groundwork.state.model import Plan
from converged import CONVERGED, DESIRED, RUNNING, changed


def told(look: dict[str, Any], *problems: Problem) -> list[str]:
    state = State.from_dict(look)
    return unwell(Inspection(state, plan.plan(DESIRED, state), problems))


def test_all_is_well() -> None:
    assert told(CONVERGED) == []
    made = {"made": "2026-01-29T10:12:00Z", "age": 3600, "hours": 26}
    assert told(changed("backups", made)) == []


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("services/redis/state", "exited", "services: redis: its container is exited"),
        ("services/redis/answers", False, "services: redis: doesn't answer"),
        ("schema", {"": {"state": "pending", "pending": ["a"]}}, "schema: 1 revision to apply"),
        ("schema", {"": {"state": "unknown"}}, "schema: unknown until the database answers"),
        ("engine/state", "stopped", "docker: the Docker engine is stopped"),
        ("services/mine", {"custom": True, "state": "exited"},
         "mine, a service of your own, is exited"),
        ("services/mine", {"custom": True, "state": "running", "health": "unhealthy"},
         "mine, a service of your own, is unhealthy"),
        ("backups", {"hours": 26}, "backup: no backup was proven yet"),
        ("backups", {"made": "2026-01-29T10:12:00Z", "age": 27 * 3600, "failed": "no room",
                     "hours": 26}, "backup: no backup was proven for 27 h: no room"),
    ],
)  # fmt: skip
def test_what_is_not(path: str, value: Any, why: str) -> None:
    assert why in told(changed(path, value))


def test_a_service_of_ones_own_without_a_health_check_is_well_where_it_runs() -> None:
    mine = RUNNING | {"custom": True, "health": "none", "answers": False}
    state = State.from_dict(changed("services/mine", mine))
    assert unwell(Inspection(state, Plan())) == []


def test_what_is_in_the_way_comes_first() -> None:
    problem = Problem("Port 1 is taken.", "stack_services", "Free it.")
    assert told(changed("services/redis/state", "exited"), problem)[0] == "Port 1 is taken."
