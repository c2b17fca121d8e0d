"""The plan: nothing to do on a host that is as it should be, a reason for everything else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from converged import CONVERGED, DESIRED, RUNNING, STEPS, changed, planned, problems


def test_nothing_is_to_do_where_all_is_as_it_should_be() -> None:
    assert planned(CONVERGED) == {step: [] for step in STEPS}
    assert problems(CONVERGED) == []


@pytest.mark.parametrize(
    ("path", "value", "step", "words"),
    [
        ("engine/state", "absent", "docker", "no Docker engine"),
        ("engine/state", "stopped", "docker", "stopped"),
        ("engine_settings", ["icc"], "docker", "settings differ: icc"),
        ("images/redis/due", "redis:7 is not here", "images", "redis: redis:7 is not here"),
        ("services/redis/state", "exited", "services", "redis: its container is exited"),
        ("services/redis/state", "unknown", "services", "redis: unknown"),
        ("services/redis/health", "unhealthy", "services", "unhealthy"),
        ("services/redis/config", "changed", "services", "configuration changed"),
        ("services/redis/config", "unknown", "services", "could not be compared"),
        ("services/redis/settings", ["hz"], "services", "redis: its settings changed: hz"),
        ("services/redis/image", "changed", "services", "image changed"),
        ("services/redis/answers", False, "services", "doesn't answer"),
        ("services/old", RUNNING, "services", "old: is not in the inventory any more"),
        ("new_passwords", ["POSTGRES_PASSWORD"], "services", "new password"),
        ("schema//state", "pending", "schema", "to apply"),
        ("schema//state", "empty", "schema", "to apply"),
        ("schema//state", "ahead", "schema", "ahead"),
        ("schema//state", "two_heads", "schema", "more than one head"),
        ("schema//state", "unknown", "schema", "unknown"),
        ("schema/", {"state": "unread", "error": "env.py has to run"}, "schema", "env.py has to"),
    ],
)
def test_each_difference_is_a_reason_for_its_step_alone(
    path: str, value: Any, step: str, words: str
) -> None:
    found = planned(changed(path, value))
    assert words in " ".join(found[step])
    assert [name for name in STEPS if found[name]] == [step]


@pytest.mark.parametrize("status", ["missing", "changed", "unknown"])
def test_a_file_that_changes_has_the_services_looked_after(status: str) -> None:
    look = changed("files", {"/work space/infra/.env": status})
    found = planned(look)
    assert found["files"]
    assert found["services"]


def test_a_service_without_a_container_is_started() -> None:
    found = planned(changed("services", {"redis": RUNNING}))
    assert found["services"] == ["postgres: has no container yet"]


def external(**look: Any) -> dict[str, list[str]]:
    """The plan of a stack that somebody else runs, with another look at its database."""
    database = {"kind": "postgres", "external": True, "host": "db.example.com", "password": "x"}
    desired = replace(DESIRED, services=tuple(parse_services({"postgres": database})))
    found = {"state": "external", "answers": True, "error": "", "leftover": False, "code": ""}
    whole = changed("services", {"postgres": found | look})
    whole |= {"images": {}, "engine": {"state": "absent", "error": ""}}
    if look.get("code"):
        assert problems(whole, desired) == [], "somebody else's password is not ours to reset"
    return planned(whole, desired)


def test_where_all_is_somebody_elses_no_engine_is_needed() -> None:
    assert not any(external().values())


@pytest.mark.parametrize(
    ("look", "words"),
    [
        ({"answers": False, "error": "no answer within 2 s"}, "no answer within 2 s"),
        ({"leftover": True}, "its container goes"),
        ({"answers": False, "error": "refused", "code": "28P01"}, "refused"),
    ],
)
def test_what_somebody_else_runs_is_looked_after(look: dict[str, Any], words: str) -> None:
    found = external(**look)
    assert words in " ".join(found["services"])
    assert [name for name in STEPS if found[name]] == ["services"]
