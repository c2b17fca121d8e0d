"""After the faults: what side_effect.yml wrote before them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

testinfra_hosts = ["ansible://test_hosts"]


def test_the_rows_are_there(client: Callable[..., dict[str, Any]]) -> None:
    kept = "written before the faults"
    assert client("read", "kept") == {"postgres": kept, "qdrant": kept, "redis": kept}


def test_the_engines_settings_are_ours_again_and_theirs_stayed(host: Any) -> None:
    settings = json.loads(host.file("/etc/docker/daemon.json").content_string)
    assert settings["log-opts"] == {"max-size": "10m", "max-file": "3"}
    assert settings["live-restore"] is True
    assert settings["max-concurrent-downloads"] == 2
    driver = host.check_output("docker info --format '{{ .LiveRestoreEnabled }}'")
    assert driver == "true"
