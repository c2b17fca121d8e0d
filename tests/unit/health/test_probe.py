"""What a probe is given: each service's address and secret."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.health import probe as ask
from waiting import SECRETS, SERVICES


def test_secrets_come_from_the_inventory_first() -> None:
    services = [replace(SERVICES[0], password="given"), SERVICES[1]]
    found = ask.targets(services, "internal", SECRETS)
    assert [(str(t.endpoint), t.secret) for t in found] == [
        ("postgres:5432", "given"),
        ("redis:6379", "other-secret"),
    ]
    assert "given" not in repr(found)


def test_missing_secrets_are_named_together() -> None:
    with pytest.raises(GroundworkError, match="POSTGRES_PASSWORD, REDIS_PASSWORD") as caught:
        ask.targets(SERVICES, "host", {}, "infra/.env")
    assert caught.value.where == "infra/.env"
    assert [target.secret for target in ask.targets(SERVICES, "host", None)] == ["", ""]
