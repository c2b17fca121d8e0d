"""The env contract: which variable goes into which env file, for which audience.

`infra/.env` speaks to the containers of the Compose network, an app's `.env` to a program on the
host, in the network or at the end of an SSH tunnel (its `audience`), and a public app's to
everybody's browser. All are computed here alone; the committed `.env.example` lack only secrets.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..config import App, Login, further_logins
from ..errors import GroundworkError
from ..records import Record
from ..services import Service, endpoint, port_lines, secret_files, secrets_of, service_type
from ..tls import KeyPair
from .lines import fill_lines
from .psql import psql_lines
from .secrets import SALT_VARIABLE, placeholders


@dataclass(frozen=True)
class Image(Record):
    """The image that runs a service, and its storage format (see `ServiceType.storage_format`)."""

    reference: str
    storage_format: str


def infra_env(
    services: Iterable[Service],
    images: Mapping[str, Image],
    secrets: Mapping[str, str],
    certificates: Mapping[str, KeyPair] | None = None,
) -> dict[str, str]:
    """The variables of `infra/.env`.

    `images` maps a service to the image that runs it, `secrets` a secret's variable to its value,
    `certificates` those services that have one to theirs.
    """
    lines: dict[str, str] = {SALT_VARIABLE: secrets[SALT_VARIABLE]}
    for service in services:
        kind = service_type(service)
        own = {each.variable: secrets[each.variable] for each in secrets_of(service)}
        inside = endpoint(service, "internal")
        url = kind.url(service, inside, secrets)
        published = port_lines(service, "host")
        if service.external:
            lines |= {**own, **kind.app_lines(service, inside, secrets), **published}
            lines[service.url_variable] = url
            continue
        # PostgreSQL's password isn't among them: it is read when the volume is made and never
        # again, so that a new one is no reason for a new container.
        settings = kind.config_lines(service, secrets)
        read = settings | (kind.files(service, secrets) if kind.files else {})
        if pair := (certificates or {}).get(service.name):
            read |= {"certificate": pair.certificate, "key": pair.key}
        lines[f"{service.prefix}_IMAGE"] = images[service.name].reference
        lines[f"{service.prefix}_FLAVOUR"] = images[service.name].storage_format
        lines |= {f"{service.prefix}_PORT": str(service.port), **published}
        lines |= own
        # All but what is in its secret's file
        lines |= {
            name: value for name, value in settings.items() if name != kind.file_variable(service)
        }
        if superuser := service.objects.superuser:
            lines[f"{service.prefix}_SUPERUSER"] = superuser
        if service.tls:
            lines |= kind.app_lines(service, inside, secrets)  # by what it is verified
        lines[f"{service.prefix}_CHECKSUM"] = _checksum(secrets[SALT_VARIABLE], read)
        lines[service.url_variable] = url
        for login in further_logins(service):
            lines[login.variable] = _url(login, service, "internal", secrets)
    return lines


def _url(
    login: Login, service: Service, audience: str, secrets: Mapping[str, str], offset: int = 0
) -> str:
    """The address that a login has for an audience."""
    kind, mine = service_type(service), dict(secrets)
    for secret in secrets_of(service):
        if login.role and secret.role == login.role:
            mine[kind.secret_variable(service)] = secrets[secret.variable]
    return kind.url(login.of(service), endpoint(service, audience, offset), mine)


def app_env(
    app: App, services: Iterable[Service], secrets: Mapping[str, str], tunnel_offset: int = 0
) -> dict[str, str]:
    """The variables of an app's `.env`, with addresses that work where it runs.

    `secrets` needs those of the app's services only. Raises GroundworkError where a public app's
    value holds one of `secrets`.
    """
    lines: dict[str, str] = {}
    services = [each for each in services if each.name in app.services]
    for service in services:
        for login in app.logins:
            if login.service == service.name:
                kind = service_type(service)
                here = endpoint(service, app.audience, tunnel_offset)
                lines[login.variable] = _url(login, service, app.audience, secrets, tunnel_offset)
                lines |= port_lines(service, app.audience, tunnel_offset)
                lines |= kind.app_lines(service, here, secrets)
    places = {each.name: endpoint(each, app.audience, tunnel_offset) for each in services}
    lines |= psql_lines(app, services, places, secrets)
    known = {each.name: each for each in services}

    def url(login: Login) -> str:
        return _url(login, known[login.service], app.audience, secrets, tunnel_offset)

    lines |= fill_lines(app, known, places, secrets, url)
    lines |= app.variables
    if app.public:
        for name, value in lines.items():
            if any(secret and secret in value for secret in secrets.values()):
                raise _public_secret(app, name, "its value holds a secret of the stack")
    return lines


def secret_texts(services: Iterable[Service], secrets: Mapping[str, str]) -> dict[str, str]:
    """What the containers get as files, by their names in `infra/.secrets`."""
    return {
        name: text for service in services for name, text in secret_files(service, secrets).items()
    }


def infra_secret_lines(
    services: Sequence[Service], images: Mapping[str, Image], pairs: Mapping[str, KeyPair]
) -> frozenset[str]:
    """Those of `infra/.env` (see `secret_lines`)."""
    return secret_lines(lambda values: infra_env(services, images, values, pairs), services)


def app_secret_lines(app: App, services: Sequence[Service]) -> frozenset[str]:
    """Those of an app's env file (see `secret_lines`)."""
    return secret_lines(lambda values: app_env(app, services, values), services)


def secret_lines(
    render: Callable[[Mapping[str, str]], Mapping[str, str]], services: Iterable[Service]
) -> frozenset[str]:
    """The variables among those that `render(secrets)` gives whose values hold a secret, or change
    with one: those that aren't shown, whatever they were before."""
    names = placeholders(services)
    first, second = (render(dict.fromkeys(names, f"secret-{word}")) for word in ("one", "two"))
    return frozenset(name for name, value in first.items() if second[name] != value)


def _public_secret(app: App, name: str, why: str) -> GroundworkError:
    return GroundworkError(
        f"{name} must not go into the public app {app.name!r}: {why}.",
        where=f"env_files_apps.{app.name}.variables.{name}",
        next_step="Take it out of the public app; nothing was written.",
    )


def _checksum(salt: str, files: Mapping[str, str]) -> str:
    """Changes with what a container reads as files, and tells nobody what that is."""
    text = "\0".join(f"{name}={value}" for name, value in sorted(files.items()))
    return hmac.new(salt.encode(), text.encode(), hashlib.sha256).hexdigest()[:16]
