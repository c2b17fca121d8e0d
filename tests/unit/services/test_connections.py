"""How many connections a server has: of the real PostgreSQL in tests/integration/test_status.py."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.services import (
    CONNECTIONS,
    Connections,
    Endpoint,
    ProbeError,
)
from probing import SECRET, free_port, redis_stub

INFO = b"# Clients\r\nconnected_clients:4\r\ncluster_connections:0\r\nmaxclients:10000\r\n"


def ask(kind: str, port: int) -> Connections:
    (service,) = parse_services({"it": {"kind": kind, "image": "image:1", "port": port}})
    return CONNECTIONS[kind](service, Endpoint("127.0.0.1", port), SECRET, 2.0)


def test_redis_counts_all_but_the_one_that_asks() -> None:
    with redis_stub(b"+OK\r\n", b"$%d\r\n%b\r\n" % (len(INFO), INFO)) as port:
        assert ask("redis", port) == Connections(3, 10000)


def test_redis_of_a_version_that_names_no_limit() -> None:
    with redis_stub(b"+OK\r\n", b"$21\r\nconnected_clients:1\r\n\r\n") as port:
        assert ask("redis", port) == Connections(0, 0)


@pytest.mark.parametrize("kind", ["postgres", "redis"])
def test_a_server_that_is_not_there_is_an_error(kind: str) -> None:
    with pytest.raises(ProbeError):
        ask(kind, free_port())


def test_a_user_who_may_not_ask_is_an_error() -> None:
    with redis_stub(b"+OK\r\n", b"-NOPERM no permissions\r\n") as port, pytest.raises(ProbeError):
        ask("redis", port)
