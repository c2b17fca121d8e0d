"""Who may reach the services' published ports from outside: rules for iptables, compared.

A published port is forwarded before any rule for incoming traffic sees it, so ufw and its like
don't guard it. The engine leaves one chain to others, DOCKER-USER, which all that it forwards
passes first. From there, and from INPUT for the engine's own proxy, a chain of the stack's own is
asked. It lets in what is named and drops everything else that is meant for the stack's network:
without it, a neighbour could reach even a port on 127.0.0.1, by a route to the container.
"""

from __future__ import annotations

import ipaddress
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..services import Service

DIRECTORY = Path("/etc/groundwork/firewall")
COMMANDS = {4: "iptables", 6: "ip6tables"}
HOOKS = ("DOCKER-USER", "INPUT")


def rules(
    services: Iterable[Service], bridge: str, allow_from: Iterable[str] = ()
) -> dict[str, str]:
    """By the name of its file, what `iptables-restore` or `ip6tables-restore` is to load.

    `bridge` is the stack's network interface, and names its chain; `allow_from` are the networks
    for services that don't name their own. No file for IPv6 where no service listens there.
    """
    default = tuple(allow_from)
    open_to: dict[int, list[str]] = {4: [], 6: []}
    for service in services:
        address = ipaddress.ip_address(service.bind)
        if address.is_loopback:
            continue
        networks = default if service.allow_from is None else service.allow_from
        open_to[address.version] += _open(bridge, service, address, networks)
    return {
        f"{bridge}.{COMMANDS[version]}": _file(bridge, lines)
        for version, lines in open_to.items()
        if version == 4 or lines
    }


def _open(chain: str, service: Service, address: Any, networks: Iterable[str]) -> list[str]:
    everywhere = address.is_unspecified
    before = "" if everywhere else f" --ctorigdst {address}"
    destination = "" if everywhere else f" -d {address}"
    lines: list[str] = []
    for port in service.ports.values():
        lines += [
            f"-A {chain} -p tcp -s {network} -m conntrack{before} --ctorigdstport {port} -j RETURN"
            for network in networks
            if ipaddress.ip_network(network).version == address.version
        ]
        # What the engine's proxy would answer
        lines.append(
            f"-A {chain} -p tcp{destination} --dport {port} -m addrtype --dst-type LOCAL -j DROP"
        )
    return lines


def _file(chain: str, lines: Iterable[str]) -> str:
    return "\n".join(
        [
            "# Written by Groundwork, loaded by groundwork-firewall.service. Edits don't last.",
            "*filter",
            f":{chain} - [0:0]",
            f"-A {chain} -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN",
            f"-A {chain} -i lo -j RETURN",
            f"-A {chain} -i {chain} -j RETURN",
            *lines,
            f"-A {chain} -o {chain} -j DROP",
            "COMMIT",
            "",
        ]
    )


def reasons(wanted: Mapping[str, str], bridge: str, directory: Path = DIRECTORY) -> list[str]:
    """Why the firewall has to be set up anew: plain sentences, none where it is as it should be."""
    present = {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted(directory.glob(f"{bridge}.*"))
    }
    if not wanted:
        return ["the firewall is there, and firewall_enabled is false"] if present else []
    if not present:
        return ["the firewall is not there yet"]
    if present != dict(wanted):
        return ["the firewall's rules differ from the inventory"]
    for name, text in wanted.items():
        if not _loaded(name.rpartition(".")[2], bridge, text):
            return ["the firewall's rules are not loaded"]
    return []


def _loaded(command: str, chain: str, text: str) -> bool:
    """Whether all rules are in the kernel, and asked."""
    asked = all(f"-A {hook} -j {chain}" in _list(command, hook) for hook in HOOKS)
    return asked and len(_list(command, chain)) == text.count("\n-A ")


def _list(command: str, chain: str) -> list[str]:
    """The rules of a chain; none where there is no such chain, or no such command."""
    try:
        done = subprocess.run(
            [command, "-w", "5", "-S", chain], capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line for line in done.stdout.splitlines() if line.startswith("-A ")]
