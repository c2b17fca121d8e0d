"""After a person's settings met the project's changed ones: both apply, and containers lived on."""

from __future__ import annotations

import json
from typing import Any

testinfra_hosts = ["ansible://test_hosts"]


def test_both_are_in_the_file(settings: dict[str, Any]) -> None:
    assert settings == {
        "labels": ["owner=person"],
        "log-driver": "json-file",
        "log-opts": {"labels": "team", "max-size": "5m", "max-file": "7"},
        "live-restore": True,
        "no-new-privileges": True,
    }


def test_the_engine_has_read_them(engine: dict[str, Any]) -> None:
    assert engine["Labels"] == ["owner=person"]


def test_a_container_ran_through_the_restart(host: Any) -> None:
    found = json.loads(host.check_output("docker inspect survivor"))[0]
    assert found["State"]["Running"]
    (engine,) = host.process.filter(comm="dockerd")
    ages = {
        pid: int(host.check_output(f"ps --no-headers -o etimes --pid {pid}"))
        for pid in (found["State"]["Pid"], engine.pid)
    }
    assert ages[found["State"]["Pid"]] > ages[engine.pid], "the engine was not restarted"
