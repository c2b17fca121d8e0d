"""Services that somebody else runs, with names of their own, and whose connections use TLS."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import redis
import sqlalchemy
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.services import SERVICE_TYPES, Service, endpoint, service_type
from psycopg.conninfo import conninfo_to_dict

SECRET = "p@:/?#% ü"
NAMES = [
    *("postgres.abcdefgh", "user@server", "my-app", "Müller", "MixedCase", "a b", "a/b", "a%b"),
    *("a?b=c", "a:b#c&d+e", "1st", "x" * 64),
]
REDIS: dict[str, Any] = {"kind": "redis", "image": "redis:7-alpine", "port": 6379}
POSTGRES: dict[str, Any] = {"kind": "postgres", "image": "postgres:16-alpine", "port": 5432}
EXTERNAL: dict[str, Any] = {
    "kind": "postgres",
    "external": True,
    "host": "db.example.com",
    "password": "x",
}


def external(kind: str, **names: Any) -> Service:
    entry = {"kind": kind, "external": True, "host": "db.example.com", "password": SECRET}
    (service,) = parse_services({"it": {**entry, **names}})
    return service


def url(service: Service) -> str:
    secrets = {service_type(service).secret_variable(service): SECRET}
    return service_type(service).url(service, endpoint(service, "host"), secrets)


@pytest.mark.parametrize("name", NAMES)
def test_postgres_clients_read_an_external_services_names_back(name: str) -> None:
    address = url(external("postgres", user=name, database=name))
    libpq = conninfo_to_dict(address)
    assert (libpq["user"], libpq["password"], libpq["dbname"]) == (name, SECRET, name)
    alchemy = sqlalchemy.make_url(address)
    assert (alchemy.username, alchemy.password, alchemy.database) == (name, SECRET, name)
    assert (libpq["host"], alchemy.host) == ("db.example.com", "db.example.com")


@pytest.mark.parametrize("name", NAMES)
def test_redis_clients_read_an_external_services_user_back(name: str) -> None:
    parsed = redis.connection.parse_url(url(external("redis", user=name)))
    assert (parsed["username"], parsed["password"]) == (name, SECRET)
    assert parsed["host"] == "db.example.com"
    assert "username" not in redis.connection.parse_url(url(external("redis")))


@pytest.mark.parametrize("name", ["", "two\nlines", "nul\0", 12])
def test_what_no_server_can_have_is_refused(name: Any) -> None:
    for key in ("user", "database"):
        with pytest.raises(GroundworkError, match=f"stack_services.it.{key} is .*one line"):
            external("postgres", **{key: name})


@pytest.mark.parametrize("name", [*NAMES])
def test_ours_keep_to_plain_names_and_are_told_so(name: str) -> None:
    entry = {"kind": "postgres", "image": "postgres:16", "port": 1}
    if name == "MixedCase":
        assert parse_services({"it": {**entry, "user": name}})
        return
    with pytest.raises(GroundworkError, match=r"stack_services.it.user .* that runs here takes"):
        parse_services({"it": {**entry, "user": name}})
    with pytest.raises(GroundworkError, match="is for an external Redis"):
        parse_services({"it": {"kind": "redis", "image": "redis:7", "port": 1, "user": name}})


def test_a_type_says_itself_which_names_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    def rule(option: str, value: str) -> str:
        return f"is {value!r}: no {option} here has an x." if "x" in value else ""

    invented = replace(SERVICE_TYPES["redis"], name="invented", option_problem=rule)
    monkeypatch.setitem(SERVICE_TYPES, "invented", invented)
    entry = REDIS | {"kind": "invented"}
    (service,) = parse_services({"it": entry | {"user": "1 name of its own"}})
    assert service.options["user"] == "1 name of its own"
    assert "it.user is 'axe': no user here has an x." in refusal({"it": entry | {"user": "axe"}})


def refusal(raw: Any) -> str:
    with pytest.raises(GroundworkError) as caught:
        parse_services(raw)
    return str(caught.value)


def test_an_external_service_needs_little_and_verifies() -> None:
    (service,) = parse_services({"db": EXTERNAL})
    assert (service.host, service.port, service.tls, service.ca_file) == (
        "db.example.com",
        5432,
        True,
        "",
    )
    assert service.external
    assert not service.image


@pytest.mark.parametrize("host", ["10.0.0.5", "fd00::5", "localhost", "a-b.c_d.example"])
def test_an_external_host(host: str) -> None:
    assert parse_services({"db": EXTERNAL | {"host": host}})[0].host == host


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image": "postgres:16"}, ["db.image", "Take image out"]),
        ({"bind": "127.0.0.1"}, ["db.bind", "Take bind out"]),
        ({"external": "true"}, ["db.external must be true or false"]),
        ({"external": False}, ["db.host is for an external service", "db.image must be"]),
        ({"host": None}, ["db.host must be"]),
        ({"host": "https://db.example.com"}, ["db.host must be", "without https://"]),
        ({"host": "db.example.com:5432"}, ["db.host must be"]),
        ({"password": None}, ["db.password is missing", "docs/passwords.md"]),
        ({"tls": "yes"}, ["db.tls must be true or false"]),
        ({"ca_file": "ca.pem"}, ["db.ca_file", "absolute path"]),
        ({"ca_file": "/ca.pem", "tls": False}, ["db.ca_file", "tls: true"]),
        ({"prot": 1}, ["db.prot: unknown option", "'port'"]),
    ],
)
def test_what_contradicts_an_external_service(change: dict[str, Any], words: list[str]) -> None:
    text = refusal({"db": {k: v for k, v in (EXTERNAL | change).items() if v is not None}})
    for word in words:
        assert word in text


def test_our_own_services_have_no_host() -> None:
    text = refusal({"redis": REDIS | {"host": "redis.example.com", "ca_file": "/ca.pem"}})
    assert "stack_services.redis.host is for an external service" in text
    assert "stack_services.redis.ca_file" in text


def test_tls_is_off_here_and_by_the_stacks_own_authority() -> None:
    plain, secure = (
        parse_services({"redis": REDIS | more}, ca="/infra/ca.crt")[0]
        for more in ({}, {"tls": True})
    )
    assert (plain.tls, plain.ca_file) == (False, "")
    assert (secure.tls, secure.ca_file) == (True, "/infra/ca.crt")


def test_ones_own_certificate_is_vouched_for_by_ones_own_authority() -> None:
    own = REDIS | {"tls": True, "certificate": "/etc/x.crt", "key": "/etc/x.key"}
    (system,) = parse_services({"redis": own}, ca="/infra/ca.crt")
    (company,) = parse_services({"redis": own | {"ca_file": "/etc/ca.crt"}}, ca="/x")
    assert (system.ca_file, company.ca_file) == ("", "/etc/ca.crt")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tls": "yes"}, ["redis.tls must be true or false"]),
        (
            {"certificate": "/x.crt", "key": "/x.key"},
            ["redis.certificate cannot be used", "tls: true"],
        ),
        ({"tls": True, "certificate": "/x.crt"}, ["redis: certificate and key belong together"]),
        (
            {"tls": True, "key": "x.key", "certificate": "/x"},
            ["redis.key must be an absolute path"],
        ),
        ({"tls": True, "ca_file": "/ca.crt"}, ["redis.ca_file says who signed your own"]),
        ({"tls": True, "names": "db"}, ["redis.names must be a list"]),
        ({"tls": True, "names": ["https://db"]}, ["redis.names must be a list"]),
        ({"names": ["db"]}, ["redis.names are for the certificate"]),
        ({"tsl": True}, ["redis.tsl: unknown option", "'tls'"]),
    ],
)
def test_what_contradicts_tls(change: dict[str, Any], words: list[str]) -> None:
    text = refusal({"redis": REDIS | change})
    for word in words:
        assert word in text


def test_an_external_service_shows_its_own_certificate() -> None:
    text = refusal({"db": EXTERNAL | {"certificate": "/x.crt", "key": "/x.key"}})
    assert "db.certificate: an external service has none" in text


def test_ports_of_other_machines_do_not_clash() -> None:
    assert parse_services({"one": EXTERNAL, "two": EXTERNAL, "own": POSTGRES})
