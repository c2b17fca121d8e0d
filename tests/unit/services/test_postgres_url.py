"""The URL of a PostgreSQL with several hosts, as the clients' own code reads it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.services import endpoint, service_type
from psycopg.conninfo import conninfo_to_dict
from pydantic import PostgresDsn, TypeAdapter

HOSTS = ["db1.example.com", "10.0.0.2:5433", "[fd00::5]:5434", "fd00::6"]
DB: dict[str, Any] = {"kind": "postgres", "external": True, "hosts": HOSTS, "password": "p@:/?# ü"}
ALCHEMY = [
    *("postgresql", "postgresql+psycopg", "postgresql+psycopg_async", "postgresql+psycopg2"),
    "postgresql+asyncpg",
]
# pydantic does not know psycopg_async
PYDANTIC = ["postgres", "postgresql+psycopg", "postgresql+psycopg2", "postgresql+asyncpg"]
READ = ("db1.example.com,10.0.0.2,fd00::5,fd00::6", "5432,5433,5434,5432")


def url(**change: Any) -> str:
    (service,) = parse_services({"db": DB | change})
    secrets = {"DB_PASSWORD": DB["password"]}
    return service_type(service).url(service, endpoint(service, "host"), secrets)


@pytest.mark.parametrize("scheme", ALCHEMY)
def test_sqlalchemy_reads_all_of_them(scheme: str) -> None:
    parsed = sqlalchemy.make_url(url(url_scheme=scheme))
    _, given = parsed.get_dialect()().create_connect_args(parsed)
    hosts, ports = READ
    if scheme.endswith("asyncpg"):
        assert given["host"] == hosts.split(",")
        assert given["port"] == [int(port) for port in ports.split(",")]
        assert given["ssl"] == "verify-full"
    else:
        assert (given["host"], given["port"]) == READ
        assert given["sslmode"] == "verify-full"
    assert given["target_session_attrs"] == "read-write"
    assert given["password"] == DB["password"]


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_libpq_reads_all_of_them(scheme: str) -> None:
    given = conninfo_to_dict(url(url_scheme=scheme))
    assert (given["host"], given["port"]) == READ
    assert given["target_session_attrs"] == "read-write"
    assert (given["password"], given["dbname"]) == (DB["password"], "app")


@pytest.mark.parametrize("scheme", PYDANTIC)
def test_pydantic_takes_those_that_name_a_driver(scheme: str) -> None:
    address = url(url_scheme=scheme)
    assert str(TypeAdapter(PostgresDsn).validate_python(address)).startswith(f"{scheme}://")


def test_one_host_is_as_it_was() -> None:
    address = url(hosts=["db1.example.com"], tls=False)
    assert address.endswith("@db1.example.com:5432/app")
