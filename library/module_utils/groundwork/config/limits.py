"""What the inventory says of a service's reach and its share of the machine, checked."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from .mistakes import refuse

LIMITS = ("memory", "cpus", "pids")

_MEMORY = re.compile(r"([1-9]\d*)([mg])")
_LEAST_MEMORY = 64  # megabytes; less than that, and no service starts
_LEAST_PIDS = 32


def bind_problem(where: str, bind: str, public: Any) -> list[str]:
    """What is wrong with a service's `bind` and `bind_public`: a list of sentences.

    An address that everybody may reach needs `bind_public: true`, so that nobody gets it by a slip.
    """
    if not isinstance(public, bool):
        return [f"{where}.bind_public must be true or false, without quotes."]
    try:
        address = ipaddress.ip_address(bind)
    except ValueError:
        return [f"{where}.bind: {bind!r} is not an IP address."]
    if address.is_multicast or address.is_link_local:
        return [f"{where}.bind: no service can listen on {bind}."]
    if public or (address.is_private and not address.is_unspecified):
        return []
    what = "every address of the machine" if address.is_unspecified else "a public address"
    return [
        f"{where}.bind: {bind} is {what}. Give 127.0.0.1 or a private address of the machine, "
        "or say bind_public: true if that is meant."
    ]


def network_problems(where: str, networks: Any) -> list[str]:
    """What is wrong with a list of networks (`allow_from`): a list of sentences."""
    if not isinstance(networks, (list, tuple)):
        return [f"{where} must be a list of networks such as 10.0.0.0/24."]
    problems: list[str] = []
    for network in networks:
        try:
            ipaddress.ip_network(str(network))
        except ValueError:
            problems.append(
                f"{where}: {network!r} is not a network such as 10.0.0.0/24 (or one address)."
            )
    return problems


def limit_problems(where: str, limits: Mapping[str, Any]) -> list[str]:
    """What is wrong with `memory`, `cpus` and `pids`: a list of sentences."""
    problems: list[str] = []
    memory, cpus, pids = (limits.get(name) for name in LIMITS)
    if memory is not None:
        match = _MEMORY.fullmatch(str(memory))
        if not match or int(match[1]) * (1024 if match[2] == "g" else 1) < _LEAST_MEMORY:
            problems.append(
                f"{where}.memory is {memory!r}; it takes a size such as 512m or 2g, "
                f"{_LEAST_MEMORY}m at least."
            )
    if cpus is not None and not (_is_number(cpus) and cpus > 0):
        problems.append(f"{where}.cpus is {cpus!r}; it takes a number of cores such as 0.5 or 2.")
    if pids is not None and not (_is_number(pids) and pids == int(pids) and pids >= _LEAST_PIDS):
        problems.append(
            f"{where}.pids is {pids!r}; it takes a number of processes, {_LEAST_PIDS} at least."
        )
    return problems


def check_limits(raw: Any) -> None:
    """Raise GroundworkError where the limits for all services can't be used."""
    variable = "stack_limits"
    known = ", ".join(LIMITS)
    if isinstance(raw, Mapping):
        problems = [
            f"{variable}.{name}: no such limit. Known are: {known}."
            for name in raw
            if name not in LIMITS
        ]
        problems += limit_problems(variable, raw)
    else:
        problems = [f"{variable} must be a dictionary with any of {known}."]
    refuse(variable, problems)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
