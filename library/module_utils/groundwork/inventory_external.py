"""The fields of a service that somebody else runs, checked."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from .services import Kind

ONLY_OURS = ("image", "bind", "bind_public", "allow_from", "memory", "cpus", "pids")
ONLY_EXTERNAL = ("host", "tls", "ca_file")
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_-]+)*")


def is_external(where: str, entry: Mapping[str, Any], problems: list[str]) -> bool:
    """Whether an entry says so. Fields that contradict it become `problems`."""
    external = entry.get("external", False)
    if not isinstance(external, bool):
        problems.append(f"{where}.external must be true or false, without quotes.")
    if external is True:
        problems += [
            f"{where}.{key}: an external service has none, somebody else runs it. "
            f"Take {key} out, or external."
            for key in ONLY_OURS
            if key in entry
        ]
    else:
        problems += [
            f"{where}.{key} is for a service that somebody else runs: add external: true, "
            f"or take {key} out."
            for key in ONLY_EXTERNAL
            if key in entry
        ]
    return external is True


def external_fields(
    where: str, kind: Kind, entry: Mapping[str, Any], problems: list[str]
) -> dict[str, Any]:
    """Its `host`, `tls` and `ca_file`, as a Service takes them."""
    host, tls, ca_file = entry.get("host"), entry.get("tls", True), entry.get("ca_file", "")
    if not isinstance(host, str) or not (_HOST.fullmatch(host) or _is_address(host)):
        problems.append(
            f"{where}.host must be the host name or IP address of the external service, "
            "without https:// and without a port."
        )
    if not isinstance(tls, bool):
        problems.append(f"{where}.tls must be true or false, without quotes.")
    if not isinstance(ca_file, str) or (ca_file and not ca_file.startswith("/")):
        problems.append(f"{where}.ca_file must be a whole path, from / on.")
    if ca_file and tls is False:
        problems.append(f"{where}.ca_file is of no use with tls: false. Take one of them out.")
    if not entry.get("password"):
        problems.append(
            f"{where}.password is missing: nobody can make the {kind.secret_suffix.lower()} of "
            "an external service for you. docs/passwords.md says how a vault keeps it."
        )
    return {"host": host, "tls": tls, "ca_file": ca_file}


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
