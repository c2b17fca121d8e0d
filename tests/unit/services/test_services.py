"""Where a service answers, for each of those who ask."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.services import endpoint


@pytest.mark.parametrize(
    ("audience", "bind", "found"),
    [
        ("internal", "10.0.0.5", "db:5432"),
        ("host", "10.0.0.5", "10.0.0.5:15432"),
        ("host", "0.0.0.0", "127.0.0.1:15432"),
        ("host", "::", "[::1]:15432"),
        ("tunnel", "10.0.0.5", "127.0.0.1:25432"),
    ],
)
def test_each_audience_has_its_own_address(audience: str, bind: str, found: str) -> None:
    entry = {"kind": "postgres", "image": "postgres:16", "port": 15432, "bind_public": True}
    (service,) = parse_services({"db": entry | {"bind": bind}})
    assert str(endpoint(service, audience, 10000)) == found


def test_an_external_service_has_one_for_everybody() -> None:
    entry = {"kind": "postgres", "external": True, "host": "db.example.com", "password": "x"}
    (service,) = parse_services({"db": entry})
    found = {str(endpoint(service, each, 10000)) for each in ("internal", "host", "tunnel")}
    assert found == {"db.example.com:5432"}
    with pytest.raises(ValueError, match="no audience 'nobody'"):
        endpoint(service, "nobody")
