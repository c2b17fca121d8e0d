"""From the inventory's dictionaries to checked values, or one error that names every mistake."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .. import image_names
from ..errors import GroundworkError
from ..services import (
    SERVICE_TYPES,
    Service,
    ServiceType,
    app_variables,
    infra_variables,
    secrets_of,
)
from ..text import did_you_mean
from .container import container_fields
from .external import ONLY_EXTERNAL, TLS, external_fields, is_external, name_problem, tls_fields
from .limits import LIMITS, bind_problem, limit_problems, network_problems
from .mistakes import refuse, unknown_options
from .objects import OPTIONS as OBJECTS
from .objects import objects
from .settings import settings_field
from .values import port_number, unwritable

_STACK = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_COMMON = (
    *("kind", "image", "port", "bind", "bind_public", "password", "url_variable", "external"),
    *("allow_from", "settings", *LIMITS, *TLS),
)


def check_stack_name(name: Any) -> None:
    """Raise GroundworkError where `stack_name` can't name a Compose project."""
    if not isinstance(name, str) or not _STACK.fullmatch(name):
        raise GroundworkError(
            f"stack_name is {name!r}; it takes a-z, 0-9, - and _, a letter or digit first.",
            where="stack_name",
            next_step="Correct it in stack.yml or groundwork.yml; nothing was changed.",
        )


def parse_services(
    raw: Mapping[str, Any], variable: str = "stack_services", ca: str = ""
) -> list[Service]:
    """The services of the inventory, in its order.

    `raw` maps a name to `{kind, image, port, bind?, password?, url_variable?, <kind's options>}`,
    or `{kind, external: true, host, password, port?, ...}`; both may have `tls` and what goes with
    it. `ca` is the path of the stack's own CA (see `Desired.ca_file_of`); it may
    be left out where nobody connects.
    Raises GroundworkError with one detail line for each mistake, each naming its variable.
    """
    problems: list[str] = []
    services: list[Service] = []
    if not isinstance(raw, Mapping) or not raw:
        problems.append(f"{variable} must be a dictionary with at least one service.")
        raw = {}
    for name, entry in raw.items():
        service = _service(f"{variable}.{name}", name, entry, ca, problems)
        if service:
            services.append(service)
    problems += _clashes(variable, services)
    refuse(variable, problems)
    return services


def check_names(variable: str, names: Any, services: Iterable[Service]) -> None:
    """Raise GroundworkError where one of `names` is neither a service nor a secret (`reader@db`).

    `names` is a list, or words with commas.
    """
    known = [service.name for service in services]
    known += [each.login for service in services for each in secrets_of(service)]
    words = names.split(",") if isinstance(names, str) else names
    if unknown := [str(word) for word in words if str(word).strip() not in known]:
        raise GroundworkError(
            f"{variable}: no service {unknown[0]!r}.{did_you_mean(unknown[0], known)}",
            where=variable,
            next_step="Correct the name and run again; nothing was changed.",
        )


def migrated(services: Iterable[Service], name: str = "") -> Service | None:
    """The service whose database Alembic looks after; None where there is no PostgreSQL.

    `name` is the inventory's `schema_service`. Empty, it is the only PostgreSQL, or of several the
    one that is called postgres. Raises GroundworkError where that leaves a question.
    """
    known = {service.name: service for service in services if service.kind == "postgres"}
    if not name and len(known) < 2:
        return next(iter(known.values()), None)
    if found := known.get(name or "postgres"):
        return found
    there = ", ".join(known) or "none"
    raise GroundworkError(
        f"schema_service: no PostgreSQL {name!r} in stack_services. There are: {there}."
        if name
        else f"schema_service has to say which PostgreSQL Alembic looks after: {there}.",
        where="schema_service",
        next_step='Name one of them, or switch the schema off with schema_dir: "". '
        "Nothing was changed.",
    )


# Where an entry has secrets itself, and in what of it its parts have them
_PASSWORDS = ("password", "superuser_password")
_WITH_PASSWORDS = ("roles", "secrets")


def given_passwords(raw: Any) -> set[str]:
    """The passwords in `stack_services`, checked or not: what a module has to keep out of sight."""
    found: set[str] = set()
    for entry in raw.values() if isinstance(raw, Mapping) else []:
        if isinstance(entry, Mapping):
            found |= {str(entry[key]) for key in _PASSWORDS if entry.get(key)}
            for key in _WITH_PASSWORDS:
                found |= given_passwords(entry.get(key))
    return found


def without_passwords(services: Mapping[str, Any]) -> dict[str, Any]:
    """`stack_services`, checked, for a program beside infra/.env, which has the passwords of all
    that are managed. An external one's stay, since it isn't one without."""

    def bare(entry: Any) -> Any:
        if not isinstance(entry, Mapping) or entry.get("external") is True:
            return entry
        kept = {key: value for key, value in entry.items() if key not in _PASSWORDS}
        deeper = {key: kept[key] for key in _WITH_PASSWORDS if isinstance(kept.get(key), Mapping)}
        return kept | {key: without_passwords(value) for key, value in deeper.items()}

    return {name: bare(entry) for name, entry in services.items()}


def _service(where: str, name: Any, entry: Any, ca: str, problems: list[str]) -> Service | None:
    found = len(problems)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        problems.append(f"{where}: a service's name is made of a-z, 0-9 and -, a letter first.")
    kind = _kind(where, entry, problems)
    if kind is None:
        return None
    image = entry.get("image", "")
    if entry.get("external") is not True and (
        not isinstance(image, str) or image_names.parse(image) is None
    ):
        problems.append(f"{where}.image must be an image reference such as redis:7-alpine.")
    more: dict[str, Any] = _reach(where, entry, problems)
    more["limits"] = {key: entry[key] for key in LIMITS if key in entry}
    problems += limit_problems(where, more["limits"])
    more["url_variable"] = _url_variable(where, name, entry, problems)
    if kind.name in _OWN_FIELDS:
        more |= _OWN_FIELDS[kind.name](where, str(name), entry, _COMMON, problems)
    else:
        more |= _fields(where, kind, entry, ca, problems)
    if kind.name == "postgres":
        url = more["url_variable"]
        more["objects"] = objects(where, entry, more["options"], url, unwritable, problems)
    return None if len(problems) > found else Service(name, kind.name, str(image), **more)


# Types whose entries are of another form than those with one port and one password
_OWN_FIELDS = {"container": container_fields}


def _fields(
    where: str, kind: ServiceType, entry: Mapping[str, Any], ca: str, problems: list[str]
) -> dict[str, Any]:
    further = {name: f"{name.lower()}_port" for name in kind.more_ports}
    known = (*_COMMON, *ONLY_EXTERNAL, *kind.options, *further.values())
    known = (*known, *OBJECTS) if kind.name == "postgres" else known
    external = is_external(where, entry, problems)
    problems += unknown_options(where, entry, known)
    more: dict[str, Any] = {"options": _options(where, kind, entry, external, problems)}
    if external:
        more |= external_fields(where, kind, entry, problems)
    else:
        more["port"] = port_number(f"{where}.port", entry.get("port"), problems)
    more |= tls_fields(where, entry, external, ca, problems)
    more["more_ports"] = {
        name: port_number(f"{where}.{option}", entry[option], problems)
        for name, option in further.items()
        if option in entry
    }
    more["password"] = _password(where, kind, entry, problems)
    more["settings"] = settings_field(where, kind, entry, problems)
    return more


def _kind(where: str, entry: Any, problems: list[str]) -> ServiceType | None:
    if not isinstance(entry, Mapping):
        problems.append(f"{where} must be a dictionary with kind, image and port.")
        return None
    name = entry.get("kind")
    if name is None:
        problems.append(f"{where}.kind is missing.{did_you_mean('', SERVICE_TYPES)}")
    elif str(name) not in SERVICE_TYPES:
        near = did_you_mean(str(name), SERVICE_TYPES)
        problems.append(f"{where}.kind: no kind {name!r}.{near}")
    return SERVICE_TYPES.get(str(name))


def _options(
    where: str, kind: ServiceType, entry: Mapping[str, Any], external: bool, problems: list[str]
) -> dict[str, str]:
    options = {
        key: default if entry.get(key) is None else str(entry[key])
        for key, default in kind.options.items()
    }
    for key in ("user", "database"):
        if key in options and (why := name_problem(kind, key, entry.get(key), external)):
            problems.append(f"{where}.{key} {why}")
    return options


def _reach(where: str, entry: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """Where it listens, and who may reach it there."""
    bind = str(entry.get("bind", "127.0.0.1"))
    wrong = bind_problem(where, bind, entry.get("bind_public", False))
    problems += wrong
    if not wrong:
        bind = str(ipaddress.ip_address(bind))  # IPv6 can be written in many ways
    allow_from = entry.get("allow_from")
    if allow_from is None:
        return {"bind": bind, "allow_from": None}
    problems += network_problems(f"{where}.allow_from", allow_from)
    networks = allow_from if isinstance(allow_from, (list, tuple)) else ()
    return {"bind": bind, "allow_from": tuple(map(str, networks))}


def _url_variable(where: str, name: Any, entry: Mapping[str, Any], problems: list[str]) -> str:
    prefix = str(name).upper().replace("-", "_")
    variable = str(entry.get("url_variable", f"{prefix}_URL"))
    if not _VARIABLE.fullmatch(variable):
        problems.append(f"{where}.url_variable: {variable!r} is not a variable name (A-Z, 0-9, _).")
    return variable


def _password(where: str, kind: ServiceType, entry: Mapping[str, Any], problems: list[str]) -> str:
    password = entry.get("password") or ""
    if password and not isinstance(password, str):
        problems.append(f"{where}.password must be text: put it in quotes.")
    elif password and (why := kind.check_secret(password) or unwritable(password)):
        problems.append(f"{where}.password can't be used: {why}.")
    return str(password)


def _clashes(variable: str, services: list[Service]) -> list[str]:
    problems: list[str] = []
    prefixes = [(service.name, service.prefix) for service in services]
    problems += _used_twice(variable, "prefix", prefixes)
    own = [service for service in services if not service.external]
    ports = [(f"{each.name}.{name}", port) for each in own for name, port in each.ports.items()]
    problems += _used_twice(variable, "port", ports)
    # A service `qdrant-grpc` has a QDRANT_GRPC_PORT, and so has `qdrant` with a grpc_port
    names = [(each.name, name) for each in services for name in infra_variables(each)]
    problems += _used_twice(variable, "variable", names)
    for each in services:  # what two of them have alike is a matter of the apps that use both
        of_apps = [(each.name, name) for name in app_variables(each)]
        problems += _used_twice(variable, "variable", of_apps)
    return problems


def _used_twice(variable: str, what: str, values: list[tuple[str, Any]]) -> list[str]:
    """A line for each of the values, by who has it, that somebody before has already."""
    problems: list[str] = []
    seen: dict[Any, str] = {}
    for name, value in values:
        if value in seen:
            problems.append(
                f"{variable}.{name} and {variable}.{seen[value]}: both use the {what} {value}."
                if seen[value] != name
                else f"{variable}.{name}: it uses the {what} {value} twice."
            )
        seen.setdefault(value, name)
    return problems
