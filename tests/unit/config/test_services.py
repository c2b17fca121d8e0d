"""The inventory: a wrong variable is refused by its name, all mistakes at once."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import given_passwords, parse_services
from ansible.module_utils.groundwork.errors import GroundworkError

REDIS: dict[str, Any] = {"kind": "redis", "image": "redis:7-alpine", "port": 6379}
POSTGRES: dict[str, Any] = {"kind": "postgres", "image": "postgres:16-alpine", "port": 5432}


def refusal(raw: Any) -> str:
    with pytest.raises(GroundworkError) as caught:
        parse_services(raw)
    return str(caught.value)


def test_defaults_are_filled_in() -> None:
    (service,) = parse_services({"my-db": POSTGRES})
    assert (service.bind, service.prefix, service.url_variable) == (
        "127.0.0.1",
        "MY_DB",
        "MY_DB_URL",
    )
    assert service.options == {"user": "app", "database": "app", "url_scheme": "postgresql"}


def test_a_port_may_be_text_as_extra_variables_are() -> None:
    assert parse_services({"redis": REDIS | {"port": "6380"}})[0].port == 6380


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"port": 70000}, ["stack_services.redis.port", "70000", "1 to 65535"]),
        ({"port": 0}, ["stack_services.redis.port"]),
        ({"port": True}, ["stack_services.redis.port"]),
        ({"port": 1.5}, ["stack_services.redis.port"]),
        ({"port": "http"}, ["stack_services.redis.port", "'http'"]),
        ({"port": None}, ["stack_services.redis.port is missing"]),
        ({"kind": "redsi"}, ["stack_services.redis.kind", "Did you mean 'redis'?"]),
        ({"kind": None}, ["stack_services.redis.kind is missing", "postgres, qdrant, redis"]),
        ({"image": ""}, ["stack_services.redis.image"]),
        ({"prot": 1}, ["stack_services.redis.prot: unknown option", "Did you mean 'port'?"]),
        ({"user": "x"}, ["stack_services.redis.user", "external Redis"]),
        ({"bind": "localhost"}, ["stack_services.redis.bind", "'localhost'"]),
        ({"url_variable": "redis-url"}, ["stack_services.redis.url_variable"]),
        ({"password": 12345}, ["stack_services.redis.password", "quotes"]),
        ({"password": "tail\\"}, ["stack_services.redis.password", "backslash"]),
    ],
)
def test_a_wrong_option_is_named(change: dict[str, Any], words: list[str]) -> None:
    text = refusal({"redis": REDIS | change})
    for word in words:
        assert word in text


def test_a_refusal_never_holds_the_password() -> None:
    assert "hunter2\\" not in refusal({"redis": REDIS | {"password": "hunter2\\"}})


@pytest.mark.parametrize("name", ["Redis", "1redis", "my_redis", "my redis", ""])
def test_a_name_that_compose_or_a_url_could_not_take(name: str) -> None:
    assert f"stack_services.{name}" in refusal({name: REDIS})


@pytest.mark.parametrize("raw", [None, {}, [], "redis", {"redis": None}, {"redis": "redis:7"}])
def test_what_is_no_dictionary_of_services(raw: Any) -> None:
    assert "stack_services" in refusal(raw)


def test_two_services_on_one_port_are_both_named() -> None:
    text = refusal({"one": REDIS, "two": REDIS})
    assert "stack_services.two" in text
    assert "stack_services.one" in text
    assert "port 6379" in text


def test_two_services_with_one_url_variable() -> None:
    same = {"url_variable": "CACHE_URL"}
    assert "variable CACHE_URL" in refusal(
        {"one": REDIS | same, "two": REDIS | same | {"port": 6380}}
    )


def test_every_mistake_is_told_at_once() -> None:
    text = refusal({"a": REDIS | {"port": 0}, "b": REDIS | {"kind": "x"}, "c": {"kind": "redis"}})
    for name in ("a.port", "b.kind", "c.image", "c.port"):
        assert f"stack_services.{name}" in text


def test_a_qdrant_key_has_to_fit_into_a_header() -> None:
    qdrant = {"kind": "qdrant", "image": "qdrant/qdrant:v1.7.4", "port": 6333}
    assert "HTTP header" in refusal({"qdrant": qdrant | {"password": "two words"}})


EXTERNAL: dict[str, Any] = {
    "kind": "postgres",
    "external": True,
    "host": "db.example.com",
    "password": "x",
}


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


def test_an_address_has_one_form() -> None:
    (service,) = parse_services({"redis": REDIS | {"bind": "FD00:0::5"}})
    assert service.bind == "fd00::5"


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


def test_given_passwords_are_found_even_in_a_broken_inventory() -> None:
    raw = {"a": {"password": "one"}, "b": None, "c": {"password": ""}, "d": {"password": 2}}
    assert given_passwords(raw) == {"one", "2"}
    assert given_passwords("nonsense") == set()
