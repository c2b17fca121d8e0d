"""The apps that get an env file: checked, or one error that names every mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..services import AUDIENCES, Service, app_variables
from ..text import did_you_mean
from .lines import own_lines
from .logins import Login, logins
from .mistakes import refuse, unknown_options
from .values import unwritable

_SECRET_NAME = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|PRIVATE|CREDENTIAL|API_?KEY|ACCESS_?KEY")
_CREDENTIAL_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s@]*:[^/\s@]+@", re.IGNORECASE)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class App:
    """One app that gets an env file. `path` is relative to the workspace, or absolute.

    `audience` is where it runs: `host`, `internal` or `tunnel` (see `services.endpoint`). The file
    of a `tunnel` app is on the laptop. `logins` are what of its services it gets. `psql`: besides
    its URL, the first PostgreSQL has the lines that psql reads. `lines` are templates, and `words`
    the logins that stand in them (see `lines.own_lines`).
    """

    name: str
    path: str
    public: bool = False
    audience: str = "host"
    logins: tuple[Login, ...] = ()
    lines: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Login] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    psql: bool = False

    @property
    def services(self) -> tuple[str, ...]:
        """The services that it uses."""
        return tuple(dict.fromkeys(login.service for login in self.logins))


def parse_apps(raw: Mapping[str, Any], services: Iterable[Service]) -> list[App]:
    """The apps of the inventory: `{name: {path, services?, lines?, variables?, …}}`, see `App`.

    Raises GroundworkError with a line for each mistake; a secret in a public app is one.
    """
    variable = "env_files_apps"
    known_services = list(services)
    problems: list[str] = []
    apps: list[App] = []
    if not isinstance(raw, Mapping):
        raw = {}
        problems.append(f"{variable} must be a dictionary.")
    for name, entry in raw.items():
        where = f"{variable}.{name}"
        if not isinstance(entry, Mapping) or not isinstance(entry.get("path"), str):
            problems.append(f"{where} must be a dictionary with a path.")
            continue
        known = ("path", "audience", "public", "services", "lines", "variables", "psql")
        problems += unknown_options(where, entry, known)
        if not isinstance(entry.get("public", False), bool):
            problems.append(f"{where}.public must be true or false, without quotes.")
        if not isinstance(entry.get("psql", False), bool):
            problems.append(f"{where}.psql must be true or false, without quotes.")
        audience = str(entry.get("audience", "host"))
        if audience not in AUDIENCES:
            problems.append(
                f"{where}.audience: no audience {audience!r}.{did_you_mean(audience, AUDIENCES)}"
            )
        wanted = entry.get("services") or []
        variables = entry.get("variables") or {}
        if not isinstance(wanted, (list, tuple)) or not isinstance(variables, Mapping):
            problems.append(f"{where}: services must be a list, variables a dictionary.")
            continue
        lines, words = own_lines(
            f"{where}.lines", entry.get("lines"), wanted, known_services, problems
        )
        app = App(
            name=str(name),
            path=entry["path"],
            public=entry.get("public") is True,
            audience=audience,
            logins=logins(f"{where}.services", wanted, known_services, problems),
            psql=entry.get("psql") is True,
            lines=lines,
            words=words,
            variables={str(key): as_text(value) for key, value in variables.items()},
        )
        problems += _service_problems(f"{where}.services", app, known_services)
        problems += _variable_problems(where, app)
        kinds = {each.kind for each in known_services if each.name in app.services}
        if app.psql and "postgres" not in kinds:
            problems.append(f"{where}.psql: none of its services is a PostgreSQL.")
        apps.append(app)
    refuse(variable, problems, "The apps' env files can't be written as the inventory says")
    return apps


def _service_problems(where: str, app: App, services: Iterable[Service]) -> list[str]:
    """Variables that a container and another service would both set."""
    problems: list[str] = []
    seen: dict[str, Service] = {}
    for service in [each for each in services if each.name in app.services]:
        for name in dict.fromkeys(app_variables(service)):
            other = seen.setdefault(name, service)
            if other.name != service.name and (service.inner_ports or other.inner_ports):
                problems.append(
                    f"{where}: {other.name} and {service.name} both set {name}. Give one "
                    "of them another name in its lines."
                )
    return problems


def _variable_problems(where: str, app: App) -> list[str]:
    problems: list[str] = []
    if app.public and app.services:
        problems.append(
            f"{where} is public, so everybody can read it: it can't have services "
            f"({', '.join(app.services)}), whose addresses hold passwords."
        )
    problems += [
        f"{where}.variables and {where}.lines both set {name}; take one of them out."
        for name in app.variables
        if name in app.lines
    ]
    for name, value in app.variables.items():
        if not _VARIABLE.fullmatch(name):
            problems.append(f"{where}.variables: {name!r} is not a variable name (A-Z, 0-9, _).")
        if why := unwritable(value):
            problems.append(f"{where}.variables.{name} can't be written: {why}.")
    for option, found in (("variables", app.variables), ("lines", app.lines)):
        problems += [
            f"{where}.{option}.{name} looks like a secret, and the app is public: "
            "everybody could read it. Take it out, or name it for what it is."
            for name, value in found.items()
            if app.public and (_SECRET_NAME.search(name.upper()) or _CREDENTIAL_URL.search(value))
        ]
    return problems


def as_text(value: Any) -> str:
    """A variable's value as an env file has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
