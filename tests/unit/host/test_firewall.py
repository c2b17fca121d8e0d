"""The firewall's rules as text, and the reasons at them. Molecule's `hardening` loads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.env import tunnel
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.host import firewall
from container_entry import mail
from grpc_stack import QDRANT

REDIS = {"kind": "redis", "image": "redis:7-alpine", "port": 6379}


def rules(default: tuple[str, ...] = (), **more: Any) -> dict[str, str]:
    return firewall.rules(parse_services({"redis": REDIS | more}), "gw-x", default)


def test_without_published_ports_all_that_comes_from_outside_is_dropped() -> None:
    (text,) = rules().values()
    assert "6379" not in text
    assert text.endswith("-A gw-x -o gw-x -j DROP\nCOMMIT\n")


def test_named_networks_get_through_and_the_proxy_is_no_way_around() -> None:
    lines = rules(bind="10.0.0.5", allow_from=["10.0.0.0/24"])["gw-x.iptables"].splitlines()
    letting = lines.index(
        "-A gw-x -p tcp -s 10.0.0.0/24 -m conntrack --ctorigdst 10.0.0.5 --ctorigdstport 6379"
        " -j RETURN"
    )
    proxy = lines.index(
        "-A gw-x -p tcp -d 10.0.0.5 --dport 6379 -m addrtype --dst-type LOCAL -j DROP"
    )
    assert letting < proxy < lines.index("-A gw-x -o gw-x -j DROP")


def test_a_service_with_networks_of_its_own_doesnt_get_the_others() -> None:
    default = ("192.168.0.0/16",)
    assert "192.168" in rules(default, bind="10.0.0.5")["gw-x.iptables"]
    assert "192.168" not in rules(default, bind="10.0.0.5", allow_from=[])["gw-x.iptables"]


def test_ipv6_has_a_file_where_a_service_listens_there() -> None:
    assert set(rules(bind="fd00::5")) == {"gw-x.iptables", "gw-x.ip6tables"}
    text = rules(bind="fd00::5", allow_from=["fd00::/64", "10.0.0.0/8"])["gw-x.ip6tables"]
    assert "-s fd00::/64" in text
    assert "10.0.0.0" not in text


def test_everywhere_takes_every_address_of_the_machine() -> None:
    text = rules(("10.0.0.0/8",), bind="0.0.0.0", bind_public=True)["gw-x.iptables"]
    assert "-s 10.0.0.0/8 -m conntrack --ctorigdstport 6379 -j RETURN" in text
    assert "-p tcp --dport 6379 -m addrtype --dst-type LOCAL -j DROP" in text


@pytest.mark.parametrize("networks", ["10.0.0.0/8", ["10.0.0.1/8"], ["office"], [None]])
def test_what_is_no_network_is_named(networks: Any) -> None:
    with pytest.raises(GroundworkError) as caught:
        rules(allow_from=networks)
    assert "stack_services.redis.allow_from" in str(caught.value)


def test_the_look_says_what_is_not_as_it_should_be(tmp_path: Path) -> None:
    wanted = rules()

    def reasons(files: dict[str, str] = wanted) -> list[str]:
        return firewall.reasons(files, "gw-x", tmp_path)

    assert reasons() == ["the firewall is not there yet"]
    assert reasons({}) == []
    path = tmp_path / "gw-x.iptables"
    path.write_text("something else\n", encoding="utf-8")
    assert reasons() == ["the firewall's rules differ from the inventory"]
    assert reasons({}) == ["the firewall is there, and firewall_enabled is false"]
    path.write_text(wanted[path.name], encoding="utf-8")
    assert reasons() == ["the firewall's rules are not loaded"]


def test_the_firewall_and_the_tunnel_know_the_grpc_port() -> None:
    entry = QDRANT | {"bind": "10.0.0.5", "allow_from": ["10.0.0.0/24"]}
    services = parse_services({"qdrant": entry})
    rules = firewall.rules(services, "gw-x")["gw-x.iptables"]
    assert "--ctorigdstport 16334 -j RETURN" in rules
    assert "--dport 16334 -m addrtype --dst-type LOCAL -j DROP" in rules
    assert "-L 127.0.0.1:26334:10.0.0.5:16334" in tunnel.command(services, {"host": "vm"}, 10000)
    with pytest.raises(GroundworkError, match="at port 66334 of the laptop"):
        tunnel.command(services, {"host": "vm"}, 50000)


def test_all_ports_of_a_container_are_guarded() -> None:
    service = mail(bind="10.0.0.5", allow_from=["10.0.0.0/24"])
    text = firewall.rules([service], "gw-x")["gw-x.iptables"]
    for port in (11025, 18025):
        assert f"--ctorigdst 10.0.0.5 --ctorigdstport {port} -j RETURN" in text
        assert f"-d 10.0.0.5 --dport {port} -m addrtype --dst-type LOCAL -j DROP" in text
    assert "--dport 80 " not in text
