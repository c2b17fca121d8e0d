"""A service that somebody else runs: no container is missed, and the advice is about theirs."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.docker.containers import Container
from ansible.module_utils.groundwork.health import probe as ask
from ansible.module_utils.groundwork.health import wait
from ansible.module_utils.groundwork.health.report import Unhealthy
from ansible.module_utils.groundwork.services import ProbeError

SERVICES = parse_services(
    {
        "db": {
            "kind": "postgres",
            "external": True,
            "host": "db.example.com",
            "password": "their-secret",
        },
        "redis": {"kind": "redis", "image": "redis:7-alpine", "port": 6379, "password": "ours"},
    }
)
TARGETS = ask.targets(SERVICES, "host", None)


class Watch:
    """A container of our own service, and one of what ran here before somebody else did it."""

    def inspect(self) -> dict[str, Container]:
        own = Container(id="1", name="redis-1", service="redis", status="running")
        old = Container(id="2", name="db-1", service="db", status="running", health="unhealthy")
        return {"redis": own, "db": old}

    def tail(self, container: Container) -> list[str]:
        return []


def test_no_container_is_looked_for() -> None:
    results = wait.wait(TARGETS, 20, Watch(), lambda target, timeout: "1.0")
    assert [result.address for result in results] == ["db.example.com:5432", "127.0.0.1:6379"]
    assert all(result.healthy for result in results)


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
        wait.wait(TARGETS, 20, Watch(), probe)
    text = str(caught.value)
    assert words in text
    assert "their-secret" not in text
    assert "volume" not in text
    assert "stack_reset_passwords" not in text
