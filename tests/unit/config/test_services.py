"""The inventory: a wrong variable is refused by its name, all mistakes at once."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import (
    given_passwords,
    migrated,
    parse_services,
    without_passwords,
)
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.services import Service
from grpc_stack import PLAIN, QDRANT

REDIS: dict[str, Any] = {"kind": "redis", "image": "redis:7-alpine", "port": 6379}
POSTGRES: dict[str, Any] = {"kind": "postgres", "image": "postgres:16-alpine", "port": 5432}
CACHE = {"kind": "redis", "image": "redis:7", "port": 6379}
UNPLACED = {"kind": "postgres", "image": "postgres:16"}


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


def test_an_address_has_one_form() -> None:
    (service,) = parse_services({"redis": REDIS | {"bind": "FD00:0::5"}})
    assert service.bind == "fd00::5"


def test_given_passwords_are_found_even_in_a_broken_inventory() -> None:
    raw = {"a": {"password": "one"}, "b": None, "c": {"password": ""}, "d": {"password": 2}}
    assert given_passwords(raw) == {"one", "2"}
    assert given_passwords("nonsense") == set()


def databases(*names: str) -> list[Service]:
    """These, each a PostgreSQL, and a Redis."""
    entries = {name: {**UNPLACED, "port": 5432 + at} for at, name in enumerate(names)}
    return parse_services({**entries, "cache": CACHE})


@pytest.mark.parametrize(
    ("names", "asked", "found"),
    [
        (("db",), "", "db"),
        (("postgres",), "", "postgres"),
        (("reports", "postgres"), "", "postgres"),
        (("reports", "main"), "main", "main"),
        ((), "", None),
    ],
)
def test_the_database_to_migrate(names: tuple[str, ...], asked: str, found: str | None) -> None:
    service = migrated(databases(*names), asked)
    assert (service.name if service else None) == found


@pytest.mark.parametrize(
    ("names", "asked", "said"),
    [
        (("db",), "postgres", "no PostgreSQL 'postgres' in stack_services. There are: db."),
        (("db",), "cache", "no PostgreSQL 'cache' in stack_services. There are: db."),
        ((), "postgres", "There are: none."),
        (("main", "reports"), "", "which PostgreSQL Alembic looks after: main, reports."),
    ],
)
def test_a_question_is_asked_with_those_that_there_are(
    names: tuple[str, ...], asked: str, said: str
) -> None:
    with pytest.raises(GroundworkError) as caught:
        migrated(databases(*names), asked)
    assert said in str(caught.value)
    assert 'schema_dir: ""' in str(caught.value)


@pytest.mark.parametrize(
    ("services", "words"),
    [
        ({"q": PLAIN | {"grpc_port": 0}}, "q.grpc_port is 0; a port is"),
        ({"q": PLAIN | {"grpc_port": None}}, "q.grpc_port is missing"),
        ({"q": PLAIN | {"grpc_port": "x"}}, "q.grpc_port is 'x'; a port is"),
        ({"q": PLAIN | {"grpc_port": 6333}}, "q.grpc_port and stack_services.q.port: both use"),
        ({"q": QDRANT, "r": REDIS | {"port": 16334}}, "r.port and stack_services.q.grpc_port"),
        ({"q": QDRANT, "p": QDRANT | {"port": 1}}, "p.grpc_port and stack_services.q.grpc_port"),
        ({"q": QDRANT, "q-grpc": REDIS}, "both use the variable Q_GRPC_PORT"),
        ({"r": REDIS | {"grpc_port": 6334}}, "r.grpc_port: unknown option"),
    ],
)
def test_a_grpc_port_that_is_no_port_of_its_own_is_refused(
    services: dict[str, Any], words: str
) -> None:
    assert words in refusal(services)


def test_of_managed_services_no_password_is_left_for_who_has_the_stacks_own() -> None:
    raw = {
        "db": {
            "kind": "postgres",
            "password": "a",
            "superuser_password": "b",
            "roles": {"reader": {"password": "c", "grants": "read"}, "other": None},
        },
        "store": {"kind": "container", "secrets": {"password": "X_FILE", "key": {"password": "d"}}},
        "their": {"kind": "redis", "external": True, "password": "e"},
    }
    left = without_passwords(raw)
    assert left == {
        "db": {"kind": "postgres", "roles": {"reader": {"grants": "read"}, "other": None}},
        "store": {"kind": "container", "secrets": {"password": "X_FILE", "key": {}}},
        "their": raw["their"],
    }
    assert given_passwords(left) == {"e"}
