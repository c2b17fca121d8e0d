"""An engine that Groundwork installed, at any time: it runs, with its settings, as a service."""

from __future__ import annotations

import json
from typing import Any

testinfra_hosts = ["ansible://test_hosts"]


def version(text: str) -> tuple[int, ...]:
    """`v2.24.1~debian` is (2, 24)."""
    return tuple(int(part) for part in text.lstrip("v").split(".")[:2])


def test_versions_are_what_the_stack_needs(host: Any, engine: dict[str, Any]) -> None:
    assert version(engine["ServerVersion"]) >= (25, 0)
    assert version(host.check_output("docker compose version --short")) >= (2, 24)


def test_the_settings_apply(engine: dict[str, Any]) -> None:
    assert engine["LiveRestoreEnabled"]
    assert engine["LoggingDriver"] == "json-file"
    assert any("no-new-privileges" in option for option in engine["SecurityOptions"])


def test_the_files_are_roots(host: Any) -> None:
    for path in ("/etc/docker/daemon.json", "/etc/docker/installed-by-groundwork"):
        file = host.file(path)
        assert (file.user, file.group, file.mode) == ("root", "root", 0o644), path


def test_it_is_a_service(host: Any, systemd: bool) -> None:
    (process,) = host.process.filter(comm="dockerd")
    assert process.user == "root"
    assert int(host.file("/var/run/docker.pid").content_string) == process.pid
    if systemd:
        assert host.service("docker").is_enabled
        assert host.service("docker").is_running
    else:
        assert "API listen on" in host.file("/var/log/docker.log").content_string


def test_it_listens_on_no_network(host: Any) -> None:
    (process,) = host.process.filter(comm="dockerd")
    sockets = host.check_output("ss --listening --numeric --processes --no-header")
    own = [line for line in sockets.splitlines() if f"pid={process.pid}," in line]
    assert any("docker.sock" in line or "docker/metrics.sock" in line for line in own), sockets
    assert not [line for line in own if not line.startswith(("u_str", "u_seq", "u_dgr"))]


def test_a_container_runs_and_gets_no_new_privileges(host: Any, tiny: str) -> None:
    status = host.check_output(f"docker run --rm {tiny} /bin/cat /proc/self/status")
    assert "NoNewPrivs:\t1" in status


def test_a_containers_log_is_limited(host: Any, tiny: str, settings: dict[str, Any]) -> None:
    container = host.check_output(f"docker create {tiny} /bin/cat")
    try:
        found = json.loads(host.check_output(f"docker inspect {container}"))
    finally:
        host.run_test(f"docker rm {container}")
    log = found[0]["HostConfig"]["LogConfig"]
    assert log == {"Type": "json-file", "Config": settings["log-opts"]}
    assert log["Config"].keys() >= {"max-size", "max-file"}
