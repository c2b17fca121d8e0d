"""Where the passwords of a shared machine are, and where they are not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

testinfra_hosts = ["ansible://test_hosts"]

STACK = "/srv/groundwork"
DIRECTORIES = "/root /home /opt /srv /tmp /var/tmp /var/log /etc /run"
VARIABLES = {"postgres": "POSTGRES_PASSWORD", "qdrant": "QDRANT_API_KEY", "redis": "REDIS_PASSWORD"}


@pytest.fixture
def vault() -> dict[str, str]:
    """What stands for a team's vault (molecule/shared/group_vars/staging/tests.yml)."""
    directory = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"])
    return {name: (directory / f"password-{name}").read_text().strip() for name in VARIABLES}


def test_the_services_have_those_of_the_vault(
    host: Any, vault: dict[str, str], client: Callable[..., dict[str, Any]]
) -> None:
    lines = host.file(f"{STACK}/infra/.env").content_string.splitlines()
    for name, variable in VARIABLES.items():
        assert f"{variable}={vault[name]}" in lines
    client("write", "secrets", "let in")
    assert set(client("read", "secrets").values()) == {"let in"}


def test_nobody_gets_in_without(client: Callable[..., dict[str, Any]]) -> None:
    said = client("refused")
    assert all("password" in words for words in said["postgres"]), said
    assert all(words.startswith(("NOAUTH", "WRONGPASS")) for words in said["redis"]), said
    assert set(said["qdrant"]) <= {"401", "403"}, said


def test_docker_inspect_shows_none(
    containers: dict[str, dict[str, Any]], vault: dict[str, str]
) -> None:
    assert set(containers) == set(vault)
    text = json.dumps(containers)
    for name, value in vault.items():
        assert value not in text, f"docker inspect shows the secret of {name}"


def test_no_process_and_no_log_shows_one(host: Any, vault: dict[str, str]) -> None:
    shown = {
        "the processes' arguments": host.check_output("ps -eo args --no-headers -ww"),
        "the processes' environment": host.check_output(
            "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\\\0' '\\\\n'; true"
        ),
        "the journal": host.check_output("journalctl --no-pager --all --output=cat"),
        "the containers' logs": host.check_output(
            "for c in $(docker ps --quiet); do docker logs $c 2>&1; done"
        ),
    }
    for where, text in shown.items():
        assert len(text) > 100, f"nothing was looked at: {where}"
        for name, value in vault.items():
            assert value not in text, f"{where} show the secret of {name}"


def test_no_file_but_the_stacks_own_holds_one(host: Any, vault: dict[str, str]) -> None:
    for name, value in vault.items():
        # project: the test's own view of the controller
        found = host.run(
            "grep --recursive --files-with-matches --fixed-strings --binary-files=text "
            f"--exclude-dir=project -e {value} {DIRECTORIES}"
        ).stdout.split()
        own = [path for path in found if path.startswith(STACK)]
        assert own, f"the secret of {name} is nowhere"
        other = set(found) - set(own)
        assert not other, f"the secret of {name} is in {other}"
        for path in own:
            assert host.run(f"runuser -u deploy -- cat {path}").rc != 0, path
