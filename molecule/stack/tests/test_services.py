"""The containers and volumes, as the engine and the kernel know them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

testinfra_hosts = ["ansible://test_hosts"]

INFRA = "/srv/groundwork/infra"
SECRETS = ("STACK_CHECKSUM_SALT", "POSTGRES_PASSWORD", "QDRANT_API_KEY", "REDIS_PASSWORD")
# CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID: bits 0, 1, 3, 6, 7
STEP_DOWN = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]
# By service: the capabilities it may start with, as a mask, and whether it steps down from root
RIGHTS = {
    "postgres": (STEP_DOWN, 0xCB, True),
    "qdrant": ([], 0, False),
    "redis": (STEP_DOWN, 0xCB, True),
}
FORMATS = {"postgres": r"postgres-16-\w+", "qdrant": r"qdrant-\w+", "redis": "redis"}

each = pytest.mark.parametrize("service", RIGHTS)
Containers = dict[str, dict[str, Any]]


def infra_env(host: Any) -> dict[str, str]:
    lines = host.file(f"{INFRA}/.env").content_string.splitlines()
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    return {name: value.strip("'") for name, _, value in pairs}


def secrets(host: Any) -> list[str]:
    env = infra_env(host)
    values = [env[name] for name in SECRETS]
    assert all(len(value) >= 16 for value in values)
    assert len(set(values)) == len(values)
    return values


def test_exactly_the_services_of_the_inventory_run(containers: Containers) -> None:
    assert set(containers) == set(RIGHTS)


@each
def test_it_is_healthy_and_stays(containers: Containers, service: str) -> None:
    container = containers[service]
    assert container["State"]["Health"]["Status"] == "healthy"
    assert container["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


@each
def test_it_may_do_little(host: Any, containers: Containers, service: str) -> None:
    added, mask, steps_down = RIGHTS[service]
    config = containers[service]["HostConfig"]
    assert config["CapDrop"] == ["ALL"]
    assert [name.removeprefix("CAP_") for name in config["CapAdd"] or []] == added
    assert "no-new-privileges:true" in config["SecurityOpt"]
    assert not config["Privileged"]
    # What the kernel says of the server itself
    text = host.file(f"/proc/{containers[service]['State']['Pid']}/status").content_string
    status = dict(re.findall(r"^(\w+):\s+(.*)$", text, re.MULTILINE))
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapBnd"], 16) == mask
    assert int(status["CapEff"], 16) == 0
    assert (status["Uid"].split()[0] != "0") == steps_down


@each
def test_its_log_has_an_end(containers: Containers, service: str) -> None:
    log = containers[service]["HostConfig"]["LogConfig"]
    assert log == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}


@each
def test_its_label_is_the_checksum_of_its_secret(
    host: Any, containers: Containers, service: str
) -> None:
    label = containers[service]["Config"]["Labels"]["groundwork.checksum"]
    assert re.fullmatch("[0-9a-f]{16}", label)
    assert label == infra_env(host)[f"{service.upper()}_CHECKSUM"]


def test_volumes_by_name_and_storage_format(volumes: dict[str, dict[str, Any]]) -> None:
    assert set(volumes) == {f"groundwork_{service}_data" for service in FORMATS}
    for service, storage_format in FORMATS.items():
        labels = volumes[f"groundwork_{service}_data"]["Labels"]
        assert re.fullmatch(storage_format, labels["groundwork.flavour"])


@each
def test_its_data_are_on_its_volume(
    host: Any, containers: Containers, volumes: dict[str, dict[str, Any]], service: str
) -> None:
    name = f"groundwork_{service}_data"
    mounts = [mount for mount in containers[service]["Mounts"] if mount["Type"] == "volume"]
    assert [mount["Name"] for mount in mounts] == [name], "an anonymous volume loses data"
    assert host.file(volumes[name]["Mountpoint"]).listdir()


def test_it_listens_on_loopback_only(host: Any, listening: set[str]) -> None:
    stack = {"127.0.0.1:5432", "127.0.0.1:6333", "127.0.0.1:6379"}
    assert stack <= listening
    elsewhere = {address for address in listening if not address.startswith(("127.", "[::1]"))}
    assert not elsewhere
    outside = host.interface("eth0").addresses[0]
    for address in stack:
        port = address.rpartition(":")[2]
        assert host.run(f"bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}'").rc == 0
        refused = host.run(f"bash -c 'exec 3<>/dev/tcp/{outside}/{port}'")
        assert "Connection refused" in refused.stderr


def test_no_secret_shows(
    host: Any, containers: Containers, volumes: dict[str, dict[str, Any]]
) -> None:
    shown = {
        "docker inspect": json.dumps([containers, volumes]),
        "the process table": host.check_output("ps axww -o args"),
        "processes' variables": host.check_output(
            "sh -c 'cat /proc/[0-9]*/environ 2>/dev/null | tr \\\\0 \\\\n'"
        ),
        "the system's log": host.check_output("journalctl --no-pager --output=cat"),
        "the services' logs": "".join(
            host.run(f"docker logs {item['Id']} 2>&1").stdout for item in containers.values()
        ),
        "the Compose file": host.file(f"{INFRA}/docker-compose.yml").content_string,
        "the public app's file": host.file("/srv/groundwork/apps/stylipp.com/.env").content_string,
    }
    assert all(text.strip() for text in shown.values()), "a place without text proves nothing"
    found = {where for where, text in shown.items() for secret in secrets(host) if secret in text}
    assert not found


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        ("infra/.env", 0o600),
        ("infra/docker-compose.yml", 0o644),
        ("apps/backend/.env", 0o600),
        ("apps/stylipp.com/.env", 0o644),
    ],
)
def test_files(host: Any, path: str, mode: int) -> None:
    file = host.file(f"/srv/groundwork/{path}")
    assert file.is_file
    assert (file.user, file.group, file.mode) == ("root", "root", mode)


def test_the_engine_starts_with_the_host(host: Any) -> None:
    assert host.service("docker").is_running
    assert host.service("docker").is_enabled
    assert host.check_output("docker info --format '{{.LiveRestoreEnabled}}'") == "true"
