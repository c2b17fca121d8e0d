"""The command that opens a tunnel is one that a person can paste."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.env import tunnel
from ansible.module_utils.groundwork.errors import GroundworkError
from container_entry import mail

SERVICES = parse_services(
    {
        "postgres": {"kind": "postgres", "image": "postgres:16", "port": 5432},
        "redis": {"kind": "redis", "image": "redis:7", "port": 6379, "bind": "10.0.0.5"},
        "db": {"kind": "postgres", "external": True, "host": "db.example.com", "password": "x"},
    }
)
FORWARDS = (
    "ssh -N -o ExitOnForwardFailure=yes "
    "-L 127.0.0.1:15432:127.0.0.1:5432 -L 127.0.0.1:16379:10.0.0.5:6379"
)


@pytest.mark.parametrize(
    ("ssh", "end"),
    [
        ({"host": "vm"}, "vm"),
        ({"host": "vm", "user": "", "port": 22, "key": ""}, "vm"),
        ({"host": "vm", "user": "deploy", "port": "2222"}, "-p 2222 deploy@vm"),
    ],
)
def test_each_own_service_is_forwarded_to_where_it_listens(ssh: dict[str, Any], end: str) -> None:
    assert tunnel.command(SERVICES, ssh, 10000) == f"{FORWARDS} {end}"


def test_a_key_with_a_space_in_its_path() -> None:
    words = shlex.split(tunnel.command(SERVICES, {"host": "vm", "key": "/my keys/id"}, 10000))
    assert words[-3:] == ["-i", "/my keys/id", "vm"]


def test_nothing_to_reach_needs_no_tunnel() -> None:
    assert tunnel.command(SERVICES[2:], {"host": "vm"}, 10000) == ""


def test_a_port_that_can_not_be_is_named() -> None:
    with pytest.raises(GroundworkError) as caught:
        tunnel.command(SERVICES, {"host": "vm"}, 60000)
    assert "postgres would be at port 65432" not in str(caught.value)
    assert "redis would be at port 66379" in str(caught.value)
    assert "env_files_tunnel_offset" in str(caught.value)


def test_all_ports_of_a_container_are_forwarded() -> None:
    words = tunnel.command([mail(bind="10.0.0.5")], {"host": "vm"}, 1000).split()
    forwards = [word for word in words if word.startswith("127.")]
    assert forwards == ["127.0.0.1:12025:10.0.0.5:11025", "127.0.0.1:19025:10.0.0.5:18025"]
