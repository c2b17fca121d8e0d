"""A VM after playbooks/staging.yml, looked at from inside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

testinfra_hosts = ["ansible://test_hosts"]

STACK = "/srv/groundwork"


def test_an_app_on_the_vm_can_use_all_three(client: Callable[..., dict[str, Any]]) -> None:
    client("write", "staging", "written on the vm")
    answer = client("read", "staging")
    assert set(answer.values()) == {"written on the vm"}
    assert len(answer) == 3


def test_the_schema_is_at_its_head(client: Callable[..., dict[str, Any]]) -> None:
    assert client("sql", "SELECT version_num FROM alembic_version")["rows"] == [["8c1d2f1f0a9b"]]


def test_nothing_but_ssh_listens_beyond_loopback(listening: set[str]) -> None:
    beyond = {address for address in listening if not address.startswith("127.")}
    assert beyond == {"0.0.0.0:22", "[::]:22"}
    assert {f"127.0.0.1:{port}" for port in (5432, 6333, 6379)} <= listening


def test_the_secrets_are_roots(host: Any) -> None:
    for path, mode in ((f"{STACK}/infra/.env", 0o600), (f"{STACK}/apps/backend/.env", 0o600)):
        file = host.file(path)
        assert (file.user, file.mode) == ("root", mode), path
    assert host.run(f"runuser -u deploy -- cat {STACK}/infra/.env").rc != 0


def test_the_user_is_an_ordinary_one(host: Any) -> None:
    """What was done, was done by sudo with a password."""
    assert "docker" not in host.user("deploy").groups
    assert host.run("runuser -u deploy -- docker ps").rc != 0
    assert host.run("runuser -u deploy -- sudo --non-interactive true").rc != 0


def test_the_toolbox_came_from_the_controller(host: Any) -> None:
    """Its Python is the VM's own, its packages are those whose digests the project pins."""
    version = host.check_output("/usr/bin/python3 -c 'import sys; print(sys.version)'")
    python = "/opt/groundwork/venv/bin/python"
    assert host.check_output(f"{python} -c 'import sys; print(sys.version)'") == version
    assert host.run(f"{python} -c 'import alembic, psycopg, sqlalchemy'").rc == 0
    sent = [path for path in host.file("/opt/groundwork").listdir() if path.startswith("sent-")]
    assert len(sent) == 1
    trees = [
        path for path in host.file(f"/opt/groundwork/{sent[0]}").listdir() if "alembic" in path
    ]
    assert len(trees) == 1  # alembic-app, where the controller runs it
    assert host.file(f"/opt/groundwork/{sent[0]}/{trees[0]}/env.py").exists
    assert host.file(f"/opt/groundwork/{sent[0]}/images/redis/image.json").exists


def test_no_package_index_and_no_registry_was_in_reach(host: Any) -> None:
    rules = host.check_output("iptables --list-rules OUTPUT")
    if "--dport 443 -j REJECT" not in rules:
        pytest.skip("Debian's own mirror is reached over TLS here, so TLS isn't cut off")
    refused = "import socket; socket.create_connection(('192.0.2.1', 443), 3)"
    assert "refused" in host.run(f'/usr/bin/python3 -c "{refused}"').stderr.lower()


def test_the_archives_are_whole(host: Any) -> None:
    # The controller's list may name archives of older images too, which weren't sent
    check = "sha256sum --check --ignore-missing SHA256SUMS"
    checked = host.run(f"cd /opt/groundwork/archives && {check}")
    assert checked.rc == 0, checked.stdout
    assert checked.stdout.count(": OK") == 3


def test_nothing_is_left_in_the_users_home(host: Any) -> None:
    left = host.run("find /home/deploy/.ansible/tmp -mindepth 1")
    assert not left.stdout


METRICS = "/var/lib/prometheus/node-exporter/groundwork.prom"


def test_the_timer_writes_the_metrics(host: Any) -> None:
    timer = host.service("groundwork-metrics.timer")
    assert timer.is_enabled and timer.is_running
    host.check_output(f"rm --force {METRICS}")
    # As the timer does: in the service's own confinement
    started = host.run("systemctl start groundwork-metrics.service")
    assert started.rc == 0, host.check_output("journalctl --no-pager -u groundwork-metrics.service")
    file = host.file(METRICS)
    assert (file.user, file.mode) == ("root", 0o644)
    up = [line for line in file.content_string.splitlines() if "service_up{" in line]
    assert len(up) == 3 and all(line.endswith(" 1") for line in up), up
    # One machine has the stack's own tree, which has no name, the other an app's
    assert re.search(
        r'^groundwork_schema_pending\{stack="groundwork",tree="\w*"\} 0$', file.content_string, re.M
    )
    for name in ("volume_bytes", "connections", "free_bytes", "last_success_timestamp_seconds"):
        assert f"groundwork_{name}{{" in file.content_string


def test_the_metrics_have_no_secret(host: Any) -> None:
    env = host.file(f"{STACK}/infra/.env").content_string
    secrets = [line.partition("=")[2] for line in env.splitlines() if "PASSWORD=" in line]
    assert secrets
    text = host.file(METRICS).content_string
    assert not [secret for secret in secrets if secret.strip("'\"") in text]
    assert host.file("/opt/groundwork/metrics.json").mode == 0o600
    units = host.check_output("systemctl cat groundwork-metrics.service groundwork-metrics.timer")
    assert "ProtectSystem=strict" in units and "Persistent=true" in units


def test_the_timer_fires_by_itself(host: Any) -> None:
    """Within its minute, and a file that was lost is back."""
    host.check_output(f"rm --force {METRICS}")
    wait = f"for i in $(seq 90); do test -e {METRICS} && exit 0; sleep 1; done; exit 1"
    assert host.run(wait).rc == 0
