"""The timer's files, and when they have to be written or removed."""

from __future__ import annotations

import json
from typing import Any

from ansible.module_utils.groundwork.host.monitoring import TIMER, monitoring_files

ASKED: dict[str, Any] = {
    "enabled": True,
    "interval": 5,
    "textfile_dir": "/metrics",
    "toolbox_dir": "/opt/groundwork",
    "sent_dir": "/opt/groundwork/sent-1",
    "params": {
        "trees": [{"dir": "/opt/groundwork/sent-1/alembic"}],
        "services": {"db": {"kind": "postgres", "password": "of the vault"}},
    },
    "log": "/log",
}


def test_the_settings_outlive_a_toolbox() -> None:
    files = monitoring_files(ASKED)
    found = json.loads(files["/opt/groundwork/metrics.json"])
    assert found["params"]["trees"] == [{"dir": "@sent@/alembic"}]
    assert found["params"]["services"] == {"db": {"kind": "postgres"}}  # infra/.env has it
    assert (found["output"], found["log"]) == ("/metrics/groundwork.prom", "/log")
    assert files == monitoring_files(ASKED | {"sent_dir": "/opt/groundwork/sent-1"})


def test_the_timer_keeps_its_minutes_and_catches_up() -> None:
    files = monitoring_files(ASKED)
    assert "OnCalendar=*:0/5\n" in files[TIMER]
    assert "Persistent=true\n" in files[TIMER]
    assert files["/etc/systemd/system/timers.target.wants/groundwork-metrics.timer"] == files[TIMER]


def test_switched_off_all_are_to_go() -> None:
    on, off = monitoring_files(ASKED), monitoring_files(ASKED | {"enabled": False, "params": {}})
    assert list(on) == list(off)
    assert not any(off.values())
