"""Who reaches what, seen from two neighbours of the VM."""

from __future__ import annotations

import json
from typing import Any

import pytest
import testinfra

testinfra_hosts = ["ansible://test_hosts"]

SCAN = "/opt/groundwork/project/molecule/hardening/files/scan.py"
Neighbours = dict[str, Any]


@pytest.fixture
def name(host: Any) -> str:
    """The VM's container, whose neighbours are called after it."""
    return host.ansible.get_variables()["ansible_host"]


@pytest.fixture
def neighbours(name: str) -> Neighbours:
    """`friend`, whom the inventory lets in, and `stranger`."""
    return {who: testinfra.get_host(f"docker://{name}-{who}") for who in ("friend", "stranger")}


@pytest.fixture
def address(host: Any, neighbours: Neighbours) -> str:
    """The VM's address in the network that it shares with them."""
    net = neighbours["friend"].interface("eth0").addresses[0].rpartition(".")[0]
    found = [item for item in host.interface("eth1").addresses if item.startswith(f"{net}.")]
    assert found, "the VM isn't in its neighbours' network"
    return found[0]


def scan(neighbour: Any, address: str, ports: str = "1-65535") -> list[int]:
    return json.loads(neighbour.check_output(f"python3 {SCAN} {address} {ports}"))


def test_a_stranger_sees_nothing_but_ssh(neighbours: Neighbours, address: str) -> None:
    assert scan(neighbours["stranger"], address) == [22]


def test_a_friend_sees_what_is_meant_for_it(neighbours: Neighbours, address: str) -> None:
    assert scan(neighbours["friend"], address) == [22, 6379]


def test_the_vm_itself_reaches_all(host: Any, address: str) -> None:
    for where in ("127.0.0.1/5432", "127.0.0.1/6333", f"{address}/6379"):
        assert host.run(f"timeout 5 bash -c 'exec 3<>/dev/tcp/{where}'").rc == 0


@pytest.mark.parametrize("who", ["friend", "stranger"])
def test_no_route_leads_around_it(
    neighbours: Neighbours, address: str, containers: dict[str, dict[str, Any]], who: str
) -> None:
    neighbour = neighbours[who]
    for service, port in (("postgres", 5432), ("qdrant", 6333), ("redis", 6379)):
        networks = containers[service]["NetworkSettings"]["Networks"]
        container = networks["groundwork_default"]["IPAddress"]
        neighbour.check_output(f"ip route replace {container}/32 via {address}")
        assert scan(neighbour, container, f"{port}-{port}") == []
