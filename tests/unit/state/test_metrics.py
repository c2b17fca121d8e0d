"""The metrics' text, read back by a strict reader of the format (exposition.py)."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.locking import RunsResult
from ansible.module_utils.groundwork.state import Inspection
from ansible.module_utils.groundwork.state.metrics import METRICS, metrics
from converged import CONVERGED, changed
from exposition import read

USAGE = {
    "volumes": {"groundwork_redis_data": {"service": "redis", "size": 177}},
    "connections": {"postgres": {"used": 3, "limit": 100}, "redis": {"used": 1, "limit": 0}},
    "free": 80_911_000_000,
}
RUN = {"at": "2026-09-21 13:13:00", "result": "ok", "seconds": 20.5}
LOG = {"runs": [{"at": "2026-09-21 14:00:00", "result": "failed"}], "succeeded": RUN}


def told(look: dict[str, Any], log: dict[str, Any] | None = None, **more: Any) -> dict[str, float]:
    """By name and the labels' values, without the stack's."""
    result = {"state": look, "plan": {}, "summary": {"stack": "groundwork"}, **more}
    text = metrics(Inspection.from_dict(result), RunsResult.from_dict(log or {}))
    found = read(text)
    assert {dict(labels)["stack"] for _, labels in found} == {"groundwork"}
    return {
        " ".join([name, *(value for key, value in labels if key != "stack")]): value
        for (name, labels), value in found.items()
    }


def test_backups_where_some_are_made() -> None:
    made = {"made": "2026-09-21T13:13:00Z", "age": 3600, "hours": 26}
    found = told(changed("backups", made))
    assert found["groundwork_backup_timestamp_seconds"] == 1_789_996_380
    assert found["groundwork_backup_overdue"] == 0
    found = told(changed("backups", {"hours": 26}))
    assert found["groundwork_backup_overdue"] == 1
    assert "groundwork_backup_timestamp_seconds" not in found
    assert not [name for name in told(CONVERGED) if "backup" in name]


def test_everything_that_is_known() -> None:
    look = changed("engine", {"state": "ok", "version": '26 "x\\y"\nz'})
    assert told(look, LOG, usage=USAGE) == {
        'groundwork_info 26 "x\\y"\nz': 1,
        "groundwork_service_up postgres ": 1,
        "groundwork_service_up redis ": 1,
        "groundwork_schema_pending ": 0,
        "groundwork_schema_at_head ": 1,
        "groundwork_volume_bytes redis groundwork_redis_data": 177,
        "groundwork_connections postgres": 3,
        "groundwork_connections redis": 1,
        "groundwork_connections_max postgres": 100,
        "groundwork_free_bytes": 80_911_000_000,
        "groundwork_last_run_timestamp_seconds": 1_789_999_200,
        "groundwork_last_success_timestamp_seconds": 1_789_996_400.5,
    }


@pytest.mark.parametrize(
    ("path", "value", "name", "sample"),
    [
        ("services/redis/answers", False, "service_up redis ", 0),
        ("services/redis/health", "unhealthy", "service_up redis ", 0),
        ("services", {}, "service_up redis ", 0),
        ("schema", {"": {"state": "pending", "pending": ["a", "b"]}}, "schema_pending ", 2),
        ("schema", {"": {"state": "pending", "pending": ["a", "b"]}}, "schema_at_head ", 0),
        ("schema", {"": {"state": "unknown"}}, "schema_pending ", None),
        ("schema", {"": {"state": "unknown"}}, "schema_at_head ", 0),
        ("schema", {"": {"state": "off"}}, "schema_at_head ", None),
        ("services/mine", {"custom": True, "state": "running"}, "service_up mine ", 1),
        ("services/mine", {"custom": True, "state": "exited"}, "service_up mine ", 0),
    ],
)
def test_what_is_not_well_is_0_and_what_nobody_knows_is_left_out(
    path: str, value: Any, name: str, sample: float | None
) -> None:
    assert told(changed(path, value)).get(f"groundwork_{name}") == sample


def test_without_usage_and_log_there_is_no_such_metric() -> None:
    names = {key.split(" ")[0] for key in told(CONVERGED)}
    assert names == {each.name for each in METRICS[:4]}


@pytest.mark.parametrize("text", ["a 1\n", 'a{b="c"} x\n', "# TYPE a gauge\na{} 1\n", "a{} 1"])
def test_the_reader_is_strict(text: str) -> None:
    with pytest.raises((AssertionError, IndexError)):
        read(text)
