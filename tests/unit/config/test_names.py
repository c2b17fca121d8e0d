"""Names that other people gave: a managed service's users and databases, the migrated service."""

from __future__ import annotations

from typing import Any

import pytest
import redis
import sqlalchemy
from ansible.module_utils.groundwork.config.services import migrated, parse_services
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.services import Service, endpoint, service_type
from psycopg.conninfo import conninfo_to_dict

SECRET = "p@:/?#% ü"
NAMES = [
    *("postgres.abcdefgh", "user@server", "my-app", "Müller", "MixedCase", "a b", "a/b", "a%b"),
    *("a?b=c", "a:b#c&d+e", "1st", "x" * 64),
]


def external(kind: str, **names: Any) -> Service:
    entry = {"kind": kind, "external": True, "host": "db.example.com", "password": SECRET}
    (service,) = parse_services({"it": {**entry, **names}})
    return service


def url(service: Service) -> str:
    return service_type(service).url(service, endpoint(service, "host"), SECRET)


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


REDIS = {"kind": "redis", "image": "redis:7", "port": 6379}
POSTGRES = {"kind": "postgres", "image": "postgres:16"}


def of(*names: str) -> list[Service]:
    """These, each a PostgreSQL, and a Redis."""
    entries = {name: {**POSTGRES, "port": 5432 + at} for at, name in enumerate(names)}
    return parse_services({**entries, "cache": REDIS})


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
    service = migrated(of(*names), asked)
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
        migrated(of(*names), asked)
    assert said in str(caught.value)
    assert 'schema_dir: ""' in str(caught.value)
