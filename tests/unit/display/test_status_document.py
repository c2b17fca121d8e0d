"""The status for programs: its keys, and what makes it not well."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.groundwork.display.facts import RunFacts
from ansible.module_utils.groundwork.display.outcome import Outcome, Status, Task
from ansible.module_utils.groundwork.display.status_document import StatusDocument, document
from ansible.module_utils.groundwork.state import State, plan
from converged import CONVERGED, DESIRED, changed

NOW = 1_790_000_000.0  # 2026-09-21 14:13:20 UTC
RUN = {"at": "2026-09-21 13:13:00", "who": "ada", "where": "laptop", "result": "ok", "seconds": 20}
USAGE = {
    "volumes": {"groundwork_redis_data": {"service": "redis", "size": 177}},
    "connections": {"redis": {"used": 3, "limit": 100}},
    "free": 5,
}
SECRET = "hunter2"


def inspected(look: dict[str, Any], **more: Any) -> dict[str, Any]:
    steps = plan.plan(DESIRED, State.from_dict(look)).to_dict()
    return {"state": look, "plan": steps, "summary": {"stack": "groundwork"}, **more}


def told(*results: tuple[str, Status, dict[str, Any]]) -> StatusDocument:
    facts = RunFacts()
    for module, status, result in results:
        outcome = Outcome(Task("run | It", module, "inspect", "Inspect"), "vm", status, result)
        facts.learn("vm", outcome)
        if status != "ok":
            facts.stopped("vm", outcome)
    return document(["vm"], facts.hosts, NOW)


def test_all_is_well() -> None:
    log = {"holder": None, "runs": [RUN | {"result": "failed"}], "succeeded": RUN}
    found = told(("stack_info", "ok", inspected(CONVERGED, usage=USAGE)), ("run_log", "ok", log))
    host = found.hosts["vm"]
    assert (found.version, found.ok, found.at) == (1, True, "2026-09-21T14:13:20Z")
    assert (host.ok, host.error, host.reasons, host.plan, host.running) == (
        True,
        None,
        (),
        {},
        None,
    )
    assert host.services["redis"].healthy
    assert [(tree.state, tree.pending) for tree in host.schema] == [("at_head", ())]
    assert host.volumes["groundwork_redis_data"].bytes == 177
    assert host.to_dict()["connections"] == {"redis": {"used": 3, "limit": 100}}
    assert host.free_bytes == 5
    assert host.last_run and host.last_run.result == "failed"
    assert host.last_success
    assert host.backup is None
    assert (host.last_success.at, host.last_success.age_seconds) == ("2026-09-21T13:13:00Z", 3600)
    json.dumps(found.to_dict())


def test_a_service_that_stopped_is_named_with_its_state() -> None:
    found = told(("stack_info", "ok", inspected(changed("services/redis/state", "exited"))))
    host = found.hosts["vm"]
    assert (found.ok, host.ok, host.error) == (False, False, None)
    assert host.reasons == ("services: redis: its container is exited",)
    assert host.plan == {"services": ("redis: its container is exited",)}
    assert host.services["postgres"].healthy


def test_a_service_that_is_not_there_yet_is_missing() -> None:
    found = told(("stack_info", "ok", inspected(changed("services", {}))))
    redis = found.hosts["vm"].services["redis"]
    assert (redis.state, redis.healthy, redis.image_wanted) == ("missing", False, "x")


def test_the_gates_own_failure_is_no_error_of_the_inspection() -> None:
    look = inspected(changed("schema", {"": {"state": "pending", "pending": ["a"]}}))
    host = told(("stack_info", "ok", look), ("fail", "failed", {"msg": "not well"})).hosts["vm"]
    assert host.error is None
    assert host.reasons == ("schema: 1 revision to apply",)


@pytest.mark.parametrize("status", ["failed", "unreachable"])
def test_a_host_that_could_not_be_inspected_says_why(status: Status) -> None:
    host = told(("stack_info", status, {"msg": "No route.\nNext: x"})).hosts["vm"]
    assert (host.ok, host.error, host.reasons) == (False, "No route.\nNext: x", ("No route.",))


def test_a_log_that_can_not_be_read_is_an_error_though_all_is_well() -> None:
    host = told(
        ("stack_info", "ok", inspected(CONVERGED)), ("run_log", "failed", {"msg": "No log."})
    ).hosts["vm"]
    assert (host.ok, host.error) == (False, "No log.")


def test_a_host_that_was_never_reached_and_none_at_all_are_not_ok() -> None:
    assert document(["vm"], {}, NOW).hosts["vm"].error
    assert not document([], {}, NOW).ok


def test_no_password_of_a_url_is_shown() -> None:
    url = f"redis://:{SECRET}@127.0.0.1:6379/0"
    found = told(("stack_info", "ok", inspected(changed("services/redis/url", url))))
    assert SECRET not in json.dumps(found.to_dict())
    assert found.hosts["vm"].services["redis"].url == "redis://:***@127.0.0.1:6379/0"


def test_a_backup_that_is_too_old() -> None:
    made = {"made": "2026-09-20T03:15:00Z", "age": 126_000, "failed": "no room", "hours": 26}
    host = told(("stack_info", "ok", inspected(changed("backups", made)))).hosts["vm"]
    assert host.backup and host.backup.to_dict() == {
        "ok": False,
        "made": "2026-09-20T03:15:00Z",
        "age_seconds": 126_000,
        "failed": "no room",
    }
    assert not host.ok
