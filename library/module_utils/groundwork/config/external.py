"""Who runs a service, and how its connections are secured: these fields, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..services import ServiceType
from .hosts import hosts_fields, is_host
from .values import port_number

ONLY_OURS = (
    *("image", "bind", "bind_public", "allow_from", "memory", "cpus", "pids"),
    *("certificate", "key", "names", "settings"),
)
ONLY_EXTERNAL = ("host", "hosts")
_TLS_FILES = ("ca_file", "certificate", "key")
TLS = ("tls", "names", *_TLS_FILES)
_SEVERAL = " The several ones of a cluster are `hosts`, a list."


def is_external(where: str, entry: Mapping[str, Any], problems: list[str]) -> bool:
    """Whether an entry says so. Fields that contradict it become `problems`."""
    external = entry.get("external", False)
    if not isinstance(external, bool):
        problems.append(f"{where}.external must be true or false, without quotes.")
    if external is True:
        problems += [
            f"{where}.{key}: an external service has none. Take {key} out, or external."
            for key in ONLY_OURS
            if key in entry
        ]
    else:
        problems += [
            f"{where}.{key} is for an external service: add external: true, or take {key} out."
            for key in ONLY_EXTERNAL
            if key in entry
        ]
    return external is True


def external_fields(
    where: str, kind: ServiceType, entry: Mapping[str, Any], problems: list[str]
) -> dict[str, Any]:
    """Where it is and its `port`, as a Service takes them."""
    port = entry.get("port")
    port = port_number(f"{where}.port", kind.container_port if port is None else port, problems)
    if "hosts" in entry:
        found: dict[str, Any] = hosts_fields(where, kind, entry, port, problems)
    else:
        found = {"host": entry.get("host"), "port": port}
        if not is_host(found["host"]):
            problems.append(
                f"{where}.host must be the host name or IP address of the external service, "
                f"without https:// and without a port.{_SEVERAL if kind.choose else ''}"
            )
    if not entry.get("password"):
        problems.append(
            f"{where}.password is missing: nobody can make the {kind.secret_suffix.lower()} of "
            "an external service for you. docs/passwords.md says how a vault keeps it."
        )
    return found


def name_problem(kind: ServiceType, key: str, value: Any, external: bool) -> str:
    """Why a kind's `user` or `database` can't be used, or `""`; None is one that is left out.

    An external service has the names that they gave it, of any length: a pooler in front of a
    PostgreSQL takes more than its 63 bytes. What a managed one may have, its type says.
    """
    if value is None or value == kind.options[key]:
        return ""
    if not isinstance(value, str) or not value or not value.isprintable():
        return f"is {value!r}; it must be text on one line."
    return "" if external else kind.option_problem(key, value)


def tls_fields(
    where: str, entry: Mapping[str, Any], external: bool, ca: str, problems: list[str]
) -> dict[str, Any]:
    """Its fields of `TLS`, as a Service takes them.

    `ca` is the certificate file of the stack's own CA, which signs for those managed
    services whose certificate the inventory doesn't name.
    """
    tls = entry.get("tls", external)  # elsewhere on unless said otherwise, here off
    files = {name: entry.get(name, "") for name in _TLS_FILES}
    names = entry.get("names", ())
    if not isinstance(tls, bool):
        problems.append(f"{where}.tls must be true or false, without quotes.")
    for name, file in files.items():
        if not isinstance(file, str) or (file and not file.startswith("/")):
            problems.append(f"{where}.{name} must be an absolute path, from / on.")
        if file and tls is False:
            problems.append(
                f"{where}.{name} cannot be used without TLS. Take it out, or say tls: true."
            )
    if not isinstance(names, (list, tuple)) or not all(map(is_host, names)):
        problems.append(f"{where}.names must be a list of host names or IP addresses.")
        names = ()
    if names and (tls is False or files["certificate"]):
        problems.append(
            f"{where}.names are for the certificate that Groundwork makes, with tls: true and no "
            "certificate of your own."
        )
    if bool(files["certificate"]) != bool(files["key"]):
        problems.append(f"{where}: certificate and key belong together; give both or none.")
    if not external and tls is True and not files["certificate"]:
        if files["ca_file"]:
            problems.append(
                f"{where}.ca_file says who signed your own certificate, and there is none: "
                "give certificate and key too, or take ca_file out."
            )
        files["ca_file"] = ca
    return {"tls": tls, "names": tuple(names), **files}
