"""What the containers may do and use, as the engine and the kernel know it."""

from __future__ import annotations

import json
from typing import Any

import pytest

testinfra_hosts = ["ansible://test_hosts"]

SERVICES = ("postgres", "qdrant", "redis")
SECRETS = ("STACK_CHECKSUM_SALT", "POSTGRES_PASSWORD", "QDRANT_API_KEY", "REDIS_PASSWORD")
MB = 1024 * 1024
# By service: memory, cores, processes; what an entry doesn't say is the group's
LIMITS = {
    "postgres": (512 * MB, 750_000_000, 512),
    "qdrant": (1024 * MB, 1_000_000_000, 512),
    "redis": (256 * MB, 1_000_000_000, 64),
}
TMPFS = {"postgres": {"/tmp", "/var/run/postgresql"}, "qdrant": {"/tmp"}, "redis": set()}
SECRET_FILES = {
    "postgres": "/run/secrets/postgres_secret",
    "qdrant": "/qdrant/config/local.yaml",
    "redis": "/run/secrets/redis_secret",
}

each = pytest.mark.parametrize("service", SERVICES)
Containers = dict[str, dict[str, Any]]


def in_container(host: Any, container: dict[str, Any], command: str) -> Any:
    return host.run(f"docker exec {container['Id']} sh -c %s", command)


@each
def test_its_share_of_the_machine_has_limits(
    host: Any, containers: Containers, service: str
) -> None:
    config = containers[service]["HostConfig"]
    memory, cpus, pids = LIMITS[service]
    assert (config["Memory"], config["NanoCpus"], config["PidsLimit"]) == (memory, cpus, pids)


@each
def test_it_writes_nowhere_but_where_it_needs_to(
    host: Any, containers: Containers, service: str
) -> None:
    container = containers[service]
    assert container["HostConfig"]["ReadonlyRootfs"]
    assert set(container["HostConfig"].get("Tmpfs") or {}) == TMPFS[service]
    for directory in ("/", "/etc", "/usr/local/bin", "/run", "/home"):
        refused = in_container(host, container, f"touch {directory}/x")
        assert refused.rc != 0
        assert "Read-only file system" in refused.stderr, directory
    for directory in TMPFS[service]:
        assert in_container(host, container, f"touch {directory}/x && rm {directory}/x").rc == 0


@each
def test_it_has_no_rights_that_it_doesnt_need(containers: Containers, service: str) -> None:
    config = containers[service]["HostConfig"]
    added = [] if service == "qdrant" else ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]
    assert config["CapDrop"] == ["ALL"]
    assert [cap.removeprefix("CAP_") for cap in config["CapAdd"] or []] == added
    assert config["SecurityOpt"] == ["no-new-privileges:true"]
    assert not config["Privileged"]


def test_no_secret_shows(host: Any, containers: Containers) -> None:
    env = dict(
        line.split("=", 1)
        for line in host.file("/srv/groundwork/infra/.env").content_string.splitlines()
        if "=" in line and not line.startswith("#")
    )
    shown = {
        "docker inspect": json.dumps(containers),
        "the process table": host.check_output("ps axww -o args"),
        "processes' variables": host.check_output(
            "sh -c 'cat /proc/[0-9]*/environ 2>/dev/null | tr \\\\0 \\\\n'"
        ),
        "the Compose file": host.file("/srv/groundwork/infra/docker-compose.yml").content_string,
    }
    assert all(text.strip() for text in shown.values()), "a place without text proves nothing"
    for name in SECRETS:
        assert len(env[name]) >= 16
        assert not [where for where, text in shown.items() if env[name] in text], name


@each
def test_its_secret_is_a_file_that_only_root_and_the_container_reach(
    host: Any, containers: Containers, service: str
) -> None:
    mounts = [m for m in containers[service]["Mounts"] if m["Type"] == "bind"]
    directory = host.file("/srv/groundwork/infra/.secrets")
    assert (directory.user, directory.mode) == ("root", 0o700)
    assert {mount["Source"]: mount["Destination"] for mount in mounts} == {
        f"{directory.path}/{service}": SECRET_FILES[service],
        f"{directory.path}/{service}.crt": f"/run/secrets/{service}_certificate",
        f"{directory.path}/{service}.key": f"/run/secrets/{service}_key",
    }
    for mount in mounts:
        assert not mount["RW"]
        for user in ("deploy", "nobody"):
            assert host.run(f"runuser -u {user} -- cat {mount['Source']}").rc != 0


RULES = "SELECT type, auth_method FROM pg_hba_file_rules"
KEPT = "SELECT DISTINCT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolpassword <> ''"


def test_the_services_work(client: Any) -> None:
    client("write", "hardened", "still works")
    answer = client("read", "hardened")
    assert answer == dict.fromkeys(SERVICES, "still works")
    refused = client("refused")
    assert all("let in" not in line for lines in refused.values() for line in lines)


def test_every_login_over_the_network_is_scram(host: Any) -> None:
    rules = [line.split("|") for line in as_superuser(host, RULES).splitlines()]
    over_tcp = [rule for rule in rules if rule[0] != "local"]
    assert {(rule[0], rule[1]) for rule in over_tcp} == {("hostssl", "scram-sha-256")}
    assert as_superuser(host, KEPT) == "t"


def test_the_apps_role_is_no_superuser(client: Any) -> None:
    superusers = client("sql", "SELECT rolname FROM pg_roles WHERE rolsuper")["rows"]
    assert superusers == [["postgres"]]


def as_superuser(host: Any, sql: str) -> str:
    """What only the cluster's owner may see: over the socket inside the container."""
    found = "docker ps --quiet --filter label=com.docker.compose.service=postgres"
    said: str = host.check_output(f"docker exec $({found}) psql -XAtU postgres -c %s", sql)
    return said


def test_every_address_is_verified_and_everybody_may_read_by_what(host: Any) -> None:
    env = host.file("/srv/groundwork/apps/backend/.env").content_string
    assert "sslmode=verify-full" in env
    assert "rediss://" in env
    assert "https://" in env
    assert host.run("runuser -u nobody -- cat /srv/groundwork/infra/ca.crt").rc == 0


def test_without_tls_nothing_is_said(host: Any, client: Any) -> None:
    for name, (address, port) in client("where").items():
        hello = r"GET /readyz HTTP/1.0\r\n\r\n" if name == "qdrant" else r"PING\r\n"
        script = f"exec 3<>/dev/tcp/{address}/{port}; printf '{hello}' >&3; cat <&3"
        answer = host.run("timeout 5 bash -c %s", script)
        # Without TLS, Redis would say NOAUTH and Qdrant 200; PostgreSQL needs a login, see below
        assert not [word for word in ("NOAUTH", "PONG", "200") if word in answer.stdout], name
    url = "sed -n s/^DATABASE_URL=//p /srv/groundwork/apps/backend/.env"
    login = host.check_output(url).strip("'\"").replace("verify-full", "disable")
    script = f"import psycopg; psycopg.connect({login!r}, connect_timeout=5)"
    refused = host.run("/opt/groundwork/venv/bin/python -c %s", script)
    assert "no encryption" in refused.stderr


def test_redis_knows_its_share(host: Any, containers: Containers) -> None:
    words = containers["redis"]["Config"]["Cmd"]
    assert int(words[words.index("--maxmemory") + 1]) == LIMITS["redis"][0] * 3 // 4


def test_the_engines_settings(host: Any) -> None:
    settings = json.loads(host.file("/etc/docker/daemon.json").content_string)
    assert settings["icc"] is False
    assert settings["live-restore"] is True
    assert settings["no-new-privileges"] is True


def test_security_updates_come_by_themselves_but_not_the_engines(host: Any) -> None:
    words = "Unattended-Upgrade::Package-Blacklist APT::Periodic::Unattended-Upgrade"
    config = host.check_output(f"apt-config dump {words}")
    assert 'APT::Periodic::Unattended-Upgrade "1"' in config
    assert '"^docker"' in config
    dry = host.run("unattended-upgrade --dry-run")
    assert dry.rc == 0, dry.stderr
