"""An app's own lines, with the parts of its services' addresses filled in."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from ..config import PLACE, App, Login
from ..services import Endpoint, Service, secrets_of, service_type


def password_of(login: Login, service: Service, secrets: Mapping[str, str]) -> str:
    """The password of a login, of `secrets` by variable; `""` where its service has none."""
    kind = service_type(service)
    named = [
        each.variable for each in secrets_of(service) if login.role and each.role == login.role
    ]
    if named:
        return secrets[named[0]]
    return secrets[kind.secret_variable(service)] if kind.secret_suffix else ""


def fill_lines(
    app: App,
    services: Mapping[str, Service],
    places: Mapping[str, Endpoint],
    secrets: Mapping[str, str],
    url: Callable[[Login], str],
) -> dict[str, str]:
    """The app's `lines` with their values (see `config.own_lines`).

    `services` and `places` are by the service's name; `url` gives a login's address. In a value
    with `://` names and secrets are percent-encoded, and an IPv6 address is in brackets.
    """

    def value(place: re.Match[str], in_url: bool) -> str:
        if place["brace"]:
            return {"open": "{", "close": "}"}[place["brace"]]
        login, part = app.words[place["word"]], place["part"]
        if part == "url":
            return url(login)
        found = _part(part, login, services[login.service], places[login.service], secrets)
        if in_url and part == "host":
            hosts = found.split(",")
            return ",".join(f"[{host}]" if ":" in host else host for host in hosts)
        return quote(found, safe="") if in_url and not part.startswith("port") else found

    return {
        name: PLACE.sub(functools.partial(value, in_url="://" in text), text)
        for name, text in app.lines.items()
    }


def _part(
    part: str, login: Login, service: Service, place: Endpoint, secrets: Mapping[str, str]
) -> str:
    """One part of an address, as it is."""
    if part == "host":
        return ",".join(each.host for each in place.each)
    if part == "port":
        return ",".join(str(each.port) for each in place.each)
    if part == "password":
        return password_of(login, service, secrets)
    what, _, name = part.partition(".")
    if what == "port":
        more = {each.lower(): port for each, port in place.more.items()}
        return str(more.get(name.lower(), place.port))  # a container's first is the port itself
    if what == "secret":
        return next(secrets[each.variable] for each in secrets_of(service) if each.role == name)
    return login.of(service).options[part]
