"""The env contract: which variable goes into which env file, for which audience.

`infra/.env` speaks to the containers of the Compose network, an app's `.env` to a program on the
host, in the network or at the end of an SSH tunnel (its `audience`), and a public app's to
everybody's browser. All are computed here alone; the committed `.env.example` lack only secrets.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets as random_source
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..config import unwritable
from ..dotenv import PLACEHOLDER
from ..errors import GroundworkError
from ..services import AUDIENCES, Service, endpoint, kind_of, port_lines
from ..text import did_you_mean
from ..tls import Pair

SALT_VARIABLE = "STACK_CHECKSUM_SALT"
_SECRET_NAME = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|PRIVATE|CREDENTIAL|API_?KEY|ACCESS_?KEY")
_CREDENTIAL_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s@]*:[^/\s@]+@", re.IGNORECASE)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class App:
    """One app that gets an env file. `path` is relative to the workspace, or absolute.

    `audience` is where it runs: `host`, `internal` or `tunnel` (see `services.endpoint`). The file
    of a `tunnel` app is on the laptop.
    """

    name: str
    path: str
    public: bool = False
    audience: str = "host"
    services: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Image:
    """The image that runs a service, and its flavour (see `Kind.flavour`)."""

    reference: str
    flavour: str


def infra_env(
    services: Iterable[Service],
    images: Mapping[str, Image],
    secrets: Mapping[str, str],
    certificates: Mapping[str, Pair] | None = None,
) -> dict[str, str]:
    """The variables of `infra/.env`.

    `images` maps a service to the image that runs it, `secrets` a secret's variable to its value,
    `certificates` those services that have one to theirs.
    """
    lines: dict[str, str] = {SALT_VARIABLE: secrets[SALT_VARIABLE]}
    for service in services:
        kind = kind_of(service)
        variable = kind.secret_variable(service)
        secret, inside = secrets[variable], endpoint(service, "internal")
        url = kind.url(service, inside, secret)
        published = port_lines(service, "host")
        if service.external:
            lines |= {variable: secret, **kind.app_lines(service, secret), **published}
            lines[service.url_variable] = url
            continue
        # PostgreSQL's password isn't among them: it is read when the volume is made and never
        # again, so that a new one is no reason for a new container.
        read = kind.config_lines(service, secret)
        if pair := (certificates or {}).get(service.name):
            read |= {"certificate": pair.certificate, "key": pair.key}
        lines[f"{service.prefix}_IMAGE"] = images[service.name].reference
        lines[f"{service.prefix}_FLAVOUR"] = images[service.name].flavour
        lines |= {f"{service.prefix}_PORT": str(service.port), **published}
        lines[variable] = secret
        lines |= _settings(service, secret)
        if service.tls:
            lines |= kind.app_lines(service, secret)  # by what it is verified
        lines[f"{service.prefix}_CHECKSUM"] = _checksum(secrets[SALT_VARIABLE], read)
        lines[service.url_variable] = url
    return lines


def secret_file(service: Service, secret: str) -> str:
    """What a service's container gets as its secret's file."""
    kind = kind_of(service)
    lines = kind.config_lines(service, secret) | {kind.secret_variable(service): secret}
    return lines[f"{service.prefix}_{kind.file_suffix}"]


def _settings(service: Service, secret: str) -> dict[str, str]:
    """What a container gets as variables: all but what is in its secret's file."""
    kind = kind_of(service)
    file_variable = f"{service.prefix}_{kind.file_suffix}"
    lines = kind.config_lines(service, secret)
    return {name: value for name, value in lines.items() if name != file_variable}


def app_env(
    app: App, services: Iterable[Service], secrets: Mapping[str, str], tunnel_offset: int = 0
) -> dict[str, str]:
    """The variables of an app's `.env`, with addresses that work where it runs.

    `secrets` needs those of the app's services only. Raises GroundworkError where a public app's
    value holds one of `secrets`.
    """
    lines: dict[str, str] = {}
    for service in services:
        if service.name in app.services:
            kind = kind_of(service)
            secret = secrets[kind.secret_variable(service)]
            here = endpoint(service, app.audience, tunnel_offset)
            lines[service.url_variable] = kind.url(service, here, secret)
            lines |= port_lines(service, app.audience, tunnel_offset)
            lines |= kind.app_lines(service, secret)
    lines |= app.variables
    if app.public:
        for name, value in lines.items():
            if any(secret and secret in value for secret in secrets.values()):
                raise _public_secret(app, name, "its value holds a secret of the stack")
    return lines


def parse_apps(
    raw: Mapping[str, Any], services: Iterable[Service], variable: str = "env_files_apps"
) -> list[App]:
    """The apps of the inventory: `{name: {path, audience?, public?, services?, variables?}}`.

    Raises GroundworkError with a line for each mistake; a secret in a public app is one.
    """
    names = [service.name for service in services]
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
        known = ("path", "audience", "public", "services", "variables")
        problems += [
            f"{where}.{key}: unknown option.{did_you_mean(str(key), known)}"
            for key in entry
            if key not in known
        ]
        if not isinstance(entry.get("public", False), bool):
            problems.append(f"{where}.public must be true or false, without quotes.")
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
        app = App(
            name=str(name),
            path=entry["path"],
            public=entry.get("public") is True,
            audience=audience,
            services=tuple(str(item) for item in wanted),
            variables={str(key): _text(value) for key, value in variables.items()},
        )
        problems += [
            f"{where}.services: no service {item!r}.{did_you_mean(item, names)}"
            for item in app.services
            if item not in names
        ]
        problems += _variable_problems(where, app)
        apps.append(app)
    if problems:
        raise GroundworkError(
            "The apps' env files can't be written as the inventory says; nothing was changed.",
            where=variable,
            details=problems,
            next_step="Correct the named variables (inventory/group_vars) and run again.",
        )
    return apps


def _variable_problems(where: str, app: App) -> list[str]:
    problems: list[str] = []
    if app.public and app.services:
        problems.append(
            f"{where} is public, so everybody can read it: it can't have services "
            f"({', '.join(app.services)}), whose addresses hold passwords."
        )
    for name, value in app.variables.items():
        if not _VARIABLE.fullmatch(name):
            problems.append(f"{where}.variables: {name!r} is not a variable name (A-Z, 0-9, _).")
        if why := unwritable(value):
            problems.append(f"{where}.variables.{name} can't be written: {why}.")
        if app.public and (_SECRET_NAME.search(name.upper()) or _CREDENTIAL_URL.search(value)):
            problems.append(
                f"{where}.variables.{name} looks like a secret, and the app is public: "
                "everybody could read it. Take it out, or name it for what it is."
            )
    return problems


def _public_secret(app: App, name: str, why: str) -> GroundworkError:
    return GroundworkError(
        f"{name} must not go into the public app {app.name!r}: {why}.",
        where=f"env_files_apps.{app.name}.variables.{name}",
        next_step="Take it out of the public app; nothing was written.",
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _checksum(salt: str, files: Mapping[str, str]) -> str:
    """Changes with what a container reads as files, and tells nobody what that is."""
    text = "\0".join(f"{name}={value}" for name, value in sorted(files.items()))
    return hmac.new(salt.encode(), text.encode(), hashlib.sha256).hexdigest()[:16]


@dataclass(frozen=True)
class Secrets:
    """The stack's secrets: all `values` by variable; `made` are those that are new."""

    values: Mapping[str, str] = field(repr=False)
    made: tuple[str, ...]


def settle_secrets(
    services: Iterable[Service],
    kept: Mapping[str, str],
    length: int,
    rotate: Container[str] = (),
) -> Secrets:
    """Each secret from the inventory, else from `kept` (the file's own lines), else a new one.

    New ones have `length` URL-safe characters. The services in `rotate` get one whatever is kept,
    unless the inventory gives theirs. A kept one that its kind can't take, or that the
    readers of env files would read differently, is a GroundworkError that names it.
    """
    values: dict[str, str] = {}
    made: list[str] = []
    for variable, service in [(SALT_VARIABLE, None), *secret_variables(services)]:
        given = service.password if service else ""  # always there where it is external
        old = "" if service and service.name in rotate else kept.get(variable, "")
        value = given or old.replace(PLACEHOLDER, "")
        if not value:
            value = new_secret(length)
            made.append(variable)
        if why := unwritable(value) or (kind_of(service).check_secret(value) if service else ""):
            raise GroundworkError(
                f"The secret {variable} can't be used: {why}.",
                where="infra/.env",
                next_step=f"Give {variable} another value, or delete its line to get a new one.",
            )
        values[variable] = value
    return Secrets(values, tuple(made))


def unlike_kept(services: Iterable[Service], kept: Mapping[str, str]) -> list[str]:
    """The services to which the inventory gives another secret than `kept` has of them.

    What somebody else ran until now has no image there: that secret was theirs.
    """
    return [
        service.name
        for variable, service in secret_variables(services)
        if service.password and f"{service.prefix}_IMAGE" in kept
        if kept.get(variable, "").replace(PLACEHOLDER, "") not in ("", service.password)
    ]


def secret_variables(services: Iterable[Service]) -> list[tuple[str, Service]]:
    """The variable of each service's secret."""
    return [(kind_of(service).secret_variable(service), service) for service in services]


def new_secret(length: int) -> str:
    """`length` random characters that no URL, shell or env file treats specially."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(random_source.choice(alphabet) for _ in range(length))


def placeholders(services: Iterable[Service]) -> dict[str, str]:
    """What stands for the secrets in the committed examples."""
    return dict.fromkeys((SALT_VARIABLE, *dict(secret_variables(services))), PLACEHOLDER)
