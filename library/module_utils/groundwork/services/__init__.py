"""A file for each service type, listed in `SERVICE_TYPES`; see CONTRIBUTING.md for a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from . import container, postgres, qdrant, redis, settings, template
from .base import (
    BUILT_LABEL,
    RECREATE,
    Advice,
    Chosen,
    Endpoint,
    ProbeError,
    Secret,
    Service,
    ServiceType,
)
from .connections import CONNECTIONS, Connections
from .fragment import in_yaml, literal
from .objects import ACCESS, SUPERUSER, Objects, OwnedDatabase, Role
from .postgres import primary
from .tls import ca_bundle, postgres_options
from .wire import knock, within

SERVICE_TYPES: dict[str, ServiceType] = {
    kind.name: kind for kind in (postgres.TYPE, qdrant.TYPE, redis.TYPE, container.TYPE)
}

AUDIENCES = ("host", "internal", "tunnel")

__all__ = [
    "ACCESS",
    "AUDIENCES",
    "BUILT_LABEL",
    "CONNECTIONS",
    "RECREATE",
    "SERVICE_TYPES",
    "SUPERUSER",
    "Advice",
    "Chosen",
    "Connections",
    "Endpoint",
    "Objects",
    "OwnedDatabase",
    "ProbeError",
    "Role",
    "Secret",
    "Service",
    "ServiceType",
    "app_variables",
    "ca_bundle",
    "container",
    "describe",
    "endpoint",
    "infra_variables",
    "knock",
    "lacks",
    "port_lines",
    "postgres_options",
    "primary",
    "qdrant",
    "redis",
    "secret_files",
    "secrets_of",
    "service_type",
    "settings",
    "template",
    "within",
]


def service_type(service: Service) -> ServiceType:
    """The type of a service."""
    return SERVICE_TYPES[service.kind]


def endpoint(service: Service, audience: str, tunnel_offset: int = 0) -> Endpoint:
    """Where `service` answers for an audience.

    `internal` is the Compose network (its name, its own port); `host` is the machine that runs it
    (the published port, on loopback where it is published on every address); `tunnel` is a laptop
    with an SSH tunnel to it, whose ports are higher by `tunnel_offset`. An external
    one has one address for everybody.
    """
    if audience not in AUDIENCES:
        raise ValueError(f"no audience {audience!r}")
    if service.external:
        here = Endpoint.of(service.hosts or [(service.host, service.port)])
        return replace(here, more=service.more_ports)
    if audience == "internal":
        kind = service_type(service)
        inside = service.inner_ports or kind.more_ports
        port = next(iter(service.inner_ports.values()), kind.container_port)
        return Endpoint(service.name, port, {name: inside[name] for name in service.more_ports})
    offset, host = 0, {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(service.bind, service.bind)
    if audience == "tunnel":
        offset, host = tunnel_offset, "127.0.0.1"
    more = {name: port + offset for name, port in service.more_ports.items()}
    return Endpoint(host, service.port + offset, more)


def lacks(service: Service) -> str:
    """What an entry asks for that an image built in the official one's place doesn't have.

    Half a sentence (`has no gRPC`), `""` where it has all.
    """
    names = [name for name in service.more_ports if name in service_type(service).more_ports]
    return f"has no {' and no '.join(names)}" if names else ""


def port_lines(service: Service, audience: str, tunnel_offset: int = 0) -> dict[str, str]:
    """The variables of its further ports (`QDRANT_GRPC_PORT`), for an audience.

    They are at the host of its `endpoint`, and secured as that one is.
    """
    return {
        f"{service.prefix}_{name.upper()}_PORT": str(port)
        for name, port in endpoint(service, audience, tunnel_offset).more.items()
    }


def secrets_of(service: Service) -> tuple[Secret, ...]:
    """All the secrets of a service, its own first."""
    kind = service_type(service)
    if not kind.secret_suffix:
        return kind.more_secrets(service)
    own = Secret(kind.secret_variable(service), service, service.name, given=service.password)
    return (own, *kind.more_secrets(service))


def secret_files(service: Service, secrets: Mapping[str, str]) -> dict[str, str]:
    """What a service's container gets as files, by their names in `infra/.secrets`."""
    kind = service_type(service)
    if kind.files:
        return kind.files(service, secrets)
    lines = dict(secrets) | kind.config_lines(service, secrets)
    variable = kind.file_variable(service)
    if superuser := service.objects.superuser:  # its password is what makes the volume
        variable = next(s.variable for s in secrets_of(service) if s.role == superuser)
    return {service.name: lines[variable]}


def infra_variables(service: Service) -> list[str]:
    """The variables of `infra/.env` that are a service's, each as often as something sets it."""
    secrets = {secret.variable: "" for secret in secrets_of(service)}
    found = [*port_lines(service, "host"), *secrets, service.url_variable]
    objects = service.objects
    found += [each.url_variable for each in objects.databases[1:]]
    found += [each.url_variable for each in objects.roles]
    if service.external:
        return found
    kind = service_type(service)
    suffixes = ["IMAGE", "FLAVOUR", "PORT", "CHECKSUM", *(["SUPERUSER"] * bool(objects.superuser))]
    own = [f"{service.prefix}_{each}" for each in suffixes]
    return own + found + [n for n in kind.config_lines(service, secrets) if n not in secrets]


def app_variables(service: Service) -> list[str]:
    """Likewise those of the env file of an app that uses it."""
    secrets = {secret.variable: "" for secret in secrets_of(service)}
    here = endpoint(service, "host")
    lines = service_type(service).app_lines(service, here, secrets)
    return [service.url_variable, *port_lines(service, "host"), *lines]


def _arguments(service: Service) -> list[str]:
    rules = service_type(service).settings
    return rules.arguments(service.settings) if rules else []


def describe(service: Service) -> dict[str, Any]:
    """A service as templates and variables read it, without its secret.

    `secret_files` maps what its container gets as a file to the file's name in `infra/.secrets`;
    `stores` and `compose` are as its type has them (see `ServiceType`); `settings` are the names of
    its settings, `arguments` what its command gets of them;
    `env` maps each suffix of its variables in `infra/.env` to a reference (`${REDIS_PORT}`); what
    is external has none. `host` is a list with commas and ports where an
    external one has several.
    """
    kind, here = service_type(service), endpoint(service, "host")
    suffixes: list[str] = []
    nothing = {secret.variable: "" for secret in secrets_of(service)}
    files = {
        f"{service.name}_secret" if name == service.name else name: name
        for name in secret_files(service, nothing)
    }
    if service.tls:
        files[f"{service.name}_certificate"] = f"{service.name}.crt"
        files[f"{service.name}_key"] = f"{service.name}.key"
    # By the stack's own CA, and whoever asks didn't say where that is
    unsigned = not (service.external or service.certificate or service.ca_file)
    if not service.external:
        own = kind.config_lines(service, nothing)
        suffixes = ["IMAGE", "FLAVOUR", "PORT", "CHECKSUM"]
        own |= port_lines(service, "host")
        suffixes += [name.removeprefix(f"{service.prefix}_") for name in own]
    return {
        "name": service.name,
        "kind": service.kind,
        "prefix": service.prefix,
        "external": service.external,
        "image": service.image,
        "host": str(here) if here.others else here.host,
        "port": service.port,
        "publish": service.publish,
        "options": dict(service.options),
        "limits": dict(service.limits),
        "tls": service.tls,
        "secret_files": {} if service.external else files,
        "stores": list(kind.stores(service)),
        "compose": kind.compose(service),
        "arguments": [in_yaml(literal(each)) for each in _arguments(service)],
        "settings": list(service.settings),
        "settings_label": in_yaml(literal(settings.written(service.settings))),
        "sslmode": postgres_options(service).get("sslmode", ""),
        "ca_file": ca_bundle(service) if service.tls and not unsigned else "",
        "secret_variable": kind.secret_variable(service),
        "file_variable": kind.file_variable(service),
        "env": {suffix: f"${{{service.prefix}_{suffix}}}" for suffix in suffixes},
    }
