"""What runs of playbooks/staging.yml leave on a VM: two lines each in the log, and no lock."""

from __future__ import annotations

import json
from typing import Any

import pytest

testinfra_hosts = ["ansible://test_hosts"]

LOG = "/var/log/groundwork/runs.jsonl"
LOCK = "/run/groundwork/lock"


@pytest.fixture
def runs(host: Any) -> list[dict[str, Any]]:
    """The log, oldest run first, each as its last line has it."""
    lines = [json.loads(line) for line in host.file(LOG).content_string.splitlines()]
    return list({line["run"]: line for line in lines}.values())


def test_nobody_holds_the_lock(host: Any) -> None:
    lock = host.file(LOCK)
    assert lock.content_string == ""
    assert (lock.user, lock.mode) == ("root", 0o644)


def test_the_first_run_is_in_the_log(runs: list[dict[str, Any]]) -> None:
    first = runs[0]
    assert (first["result"], first["playbook"]) == ("ok", "converge.yml")
    assert first["who"]
    assert first["where"]
    assert first["seconds"] > 0
    assert any(change.startswith("Stack") for change in first["changed"])
    assert any(reason.startswith("services: postgres") for reason in first["why"])
    assert first["schema"] == {"before": "", "after": "8c1d2f1f0a9b"}


def test_runs_that_change_nothing_are_not(runs: list[dict[str, Any]]) -> None:
    assert [run["playbook"] for run in runs].count("converge.yml") == 1


def test_the_log_is_roots(host: Any) -> None:
    log = host.file(LOG)
    assert (log.user, log.group, log.mode) == ("root", "root", 0o600)


def test_no_secret_is_in_the_log(host: Any) -> None:
    text = host.file(LOG).content_string
    lines = host.file("/srv/groundwork/infra/.env").content_string.splitlines()
    files = host.check_output("cat /srv/groundwork/infra/.secrets/* 2>/dev/null || true")
    values = {line.partition("=")[2].strip("'\"") for line in lines if "PASSWORD" in line}
    values |= set(files.split())
    secrets = {value for value in values if len(value) >= 20}
    assert secrets
    assert not [secret for secret in secrets if secret in text]
