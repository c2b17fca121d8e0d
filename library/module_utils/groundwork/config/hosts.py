"""The host or the hosts of an external service, checked."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from ..services import ServiceType
from .values import port_number

_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_-]+)*")
_WITH_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]+):(?P<port>[^:/]*)")


def is_host(text: Any) -> bool:
    """Whether it is a host name or an IP address."""
    return isinstance(text, str) and bool(_HOST.fullmatch(text) or _is_address(text))


def hosts_fields(
    where: str, kind: ServiceType, entry: Mapping[str, Any], port: int, problems: list[str]
) -> dict[str, Any]:
    """`hosts`, `host` and `port` of its Service; those without a port of their own have `port`."""
    hosts = entry["hosts"]
    if "host" in entry:
        problems.append(f"{where}: give host or hosts, not both.")
    options = {key: str(entry.get(key) or default) for key, default in kind.options.items()}
    if why := kind.several_hosts(options):
        problems.append(f"{where}.hosts: {why}")
    if not isinstance(hosts, (list, tuple)) or not hosts:
        problems.append(
            f"{where}.hosts must be a list of at least one host name or IP address, each with a "
            "port of its own where it has one: [db1.example.com, 10.0.0.2:5433]."
        )
        return {"host": "", "port": port}
    found: dict[tuple[str, int], Any] = {}
    for number, each in enumerate(hosts):
        at = _host(f"{where}.hosts[{number}]", each, port, problems)
        if at in found:
            problems.append(f"{where}.hosts[{number}]: {each!r} is there already.")
        found[at] = each
    (host, port), *others = found
    return {"host": host, "port": port, "hosts": tuple(found) if others else ()}


def _host(where: str, text: Any, port: int, problems: list[str]) -> tuple[str, int]:
    if match := _WITH_PORT.fullmatch(str(text)):
        text, port = match["host"], port_number(f"{where}: its port", match["port"], problems)
    host = text[1:-1] if re.fullmatch(r"\[.*\]", str(text)) else text
    if not is_host(host):
        problems.append(
            f"{where} is {text!r}; it takes a host name or an IP address, with :PORT where it has "
            "another one than the entry's, and without https://."
        )
        return str(host), port
    return (str(ipaddress.ip_address(host)) if _is_address(host) else host.lower()), port


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
