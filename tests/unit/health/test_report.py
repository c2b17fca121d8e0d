"""What is said of services that are not healthy, and what to do about them."""

from __future__ import annotations

import socket
import sys
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.health import probe as ask
from ansible.module_utils.groundwork.health import wait
from ansible.module_utils.groundwork.health.report import Unhealthy
from ansible.module_utils.groundwork.services import ProbeError
from waiting import (
    LONG,
    MIXED_TARGETS,
    SECRET,
    SECRETS,
    LeftBehind,
    Looks,
    container,
    containers,
    failed_wait,
    failing,
)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("28P01", "stack_services.db.password"),
        ("28000", "stack_services.db.user"),
        ("3D000", "stack_services.db.database"),
        ("NOTLS", "stack_services.db tls: false"),
        ("TLS", "`host` has to be a name in its certificate"),
    ],
)
def test_the_advice_is_about_their_server(code: str, words: str) -> None:
    def probe(target: ask.Target, timeout: float) -> str:
        if target.name == "db":
            raise ProbeError("their-secret is refused", permanent=True, code=code)
        return "1.0"

    with pytest.raises(Unhealthy) as caught:
        wait.wait(MIXED_TARGETS, 20, LeftBehind(), probe)
    text = str(caught.value)
    assert words in text
    assert "their-secret" not in text
    assert "volume" not in text
    assert "stack_reset_passwords" not in text


def test_a_wrong_password_ends_the_wait_and_names_the_ways_out() -> None:
    error = ProbeError("password authentication failed", permanent=True, code="28P01")
    _, text = failed_wait(failing("postgres", error), Looks([containers()]))
    assert "volume keeps the password that it was made with" in text
    assert "stack_reset_passwords=true" in text
    assert "redis: healthy" in text


def test_a_code_means_what_its_own_type_says() -> None:
    refused = ProbeError("invalid username-password pair", permanent=True, code="WRONGPASS")
    error, text = failed_wait(failing("redis", refused), Looks([containers()]))
    assert "The running Redis was started with another password." in text
    assert "makes the container anew" in error.next_step
    error, text = failed_wait(failing("postgres", refused), Looks([containers()]))
    assert "docker logs" in error.next_step
    assert "Redis was started" not in text


@pytest.mark.parametrize("external", [False, True])
def test_a_missing_library_sends_nobody_to_a_containers_log(
    external: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    entry: dict[str, Any] = {"kind": "postgres", "image": "postgres:16-alpine"}
    if external:
        entry = {"kind": "postgres", "external": True, "host": "127.0.0.1", "password": SECRET}
    with socket.create_server(("127.0.0.1", 0)) as server:
        entry["port"] = server.getsockname()[1]
        asked = ask.targets(parse_services({"postgres": entry}), "host", SECRETS)
        with pytest.raises(Unhealthy) as caught:
            wait.wait(asked, LONG, Looks([containers()]))
    assert "psycopg is not installed" in caught.value.what
    assert "run `tools/venv`, then .venv/bin/ansible-playbook" in caught.value.next_step
    assert "docker logs" not in caught.value.next_step


def test_a_time_out_shows_everything() -> None:
    probe = failing("redis", ProbeError(f"LOADING {SECRETS['REDIS_PASSWORD']}", code="LOADING"))
    watch = Looks([containers(redis=container("redis", health="starting"))], ["loading AOF"])
    error, text = failed_wait(probe, watch, timeout=0.5)
    assert "not ready within 0.5 s" in text
    assert "LOADING ********" in text
    assert "running, health check starting" in text
    assert "| loading AOF" in text
    assert error.results[1].tries > 1
