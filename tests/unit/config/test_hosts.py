"""Several hosts of one external service: what the inventory may say."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.services import describe, endpoint

HOSTS = ["db1.example.com", "10.0.0.2:5433", "[fd00::5]:5434", "fd00::6"]
DB: dict[str, Any] = {"kind": "postgres", "external": True, "hosts": HOSTS, "password": "p@:/?# ü"}


def refusal(entry: dict[str, Any]) -> str:
    with pytest.raises(GroundworkError) as caught:
        parse_services({"db": {key: value for key, value in entry.items() if value is not None}})
    return str(caught.value)


def test_each_host_has_its_port() -> None:
    (service,) = parse_services({"db": DB | {"port": 6000}})
    where = str(endpoint(service, "internal"))
    assert where == "db1.example.com:6000,10.0.0.2:5433,[fd00::5]:5434,[fd00::6]:6000"
    assert describe(service)["host"] == where
    assert (service.host, service.port) == ("db1.example.com", 6000)


def test_a_single_one_is_as_host() -> None:
    several, one = (
        parse_services({"db": {key: value for key, value in (DB | more).items() if value}})[0]
        for more in (
            {"hosts": ["DB1.example.com:5433"]},
            {"host": "db1.example.com", "hosts": None, "port": 5433},
        )
    )
    assert several == one


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"host": "db.example.com"}, ["give host or hosts, not both"]),
        ({"hosts": []}, ["db.hosts must be a list of at least one"]),
        ({"hosts": "a,b"}, ["db.hosts must be a list"]),
        ({"hosts": {"a": 1}}, ["db.hosts must be a list"]),
        ({"hosts": ["a", "A:5432"]}, ["db.hosts[1]: 'A:5432' is there already"]),
        ({"hosts": ["::1", "[0:0::1]:5432"]}, ["db.hosts[1]: '[0:0::1]:5432' is there already"]),
        ({"hosts": ["a", "https://b"]}, ["db.hosts[1]", "without https://"]),
        ({"hosts": ["a", "a,b"]}, ["db.hosts[1] is 'a,b'"]),
        ({"hosts": ["a", None]}, ["db.hosts[1] is None"]),
        ({"hosts": ["a:x", "b:0"]}, ["db.hosts[0]: its port is 'x'", "db.hosts[1]: its port"]),
        ({"hosts": ["a:"]}, ["db.hosts[0]: its port is ''"]),
        ({"hosts": ["[::1"]}, ["db.hosts[0] is '[::1'"]),
        ({"url_scheme": "postgresql+pg8000"}, ["db.hosts", "pg8000 knows one", "HAProxy"]),
        ({"url_scheme": "jdbc"}, ["db.hosts", "url_scheme 'jdbc'", "postgresql+asyncpg"]),
        ({"kind": "redis"}, ["db.hosts", "Sentinel", "`host`"]),
        ({"kind": "qdrant"}, ["db.hosts", "load balancer"]),
        ({"external": None, "image": "postgres:16", "port": 1}, ["db.hosts is for an external"]),
        ({"hosts": None, "host": "a,b"}, ["db.host must be", "`hosts`, a list"]),
        ({"hosts": None, "host": "a:1", "kind": "redis"}, ["db.host must be"]),
    ],
)
def test_what_is_refused(change: dict[str, Any], words: list[str]) -> None:
    text = refusal(DB | change)
    for word in words:
        assert word in text
