"""A file for each service type. A new type is a new file here and its line in `SERVICE_TYPES`."""

from __future__ import annotations

from typing import Any

from . import postgres, qdrant, redis
from .base import BUILT_LABEL, RECREATE, Advice, Endpoint, ProbeError, Service, ServiceType
from .tls import ca_bundle, postgres_options
from .wire import knock, within

SERVICE_TYPES: dict[str, ServiceType] = {
    kind.name: kind for kind in (postgres.TYPE, qdrant.TYPE, redis.TYPE)
}

AUDIENCES = ("host", "internal", "tunnel")

__all__ = [
    "AUDIENCES",
    "BUILT_LABEL",
    "RECREATE",
    "SERVICE_TYPES",
    "Advice",
    "Endpoint",
    "ProbeError",
    "Service",
    "ServiceType",
    "ca_bundle",
    "describe",
    "endpoint",
    "knock",
    "lacks",
    "port_lines",
    "postgres_options",
    "service_type",
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
        return Endpoint(service.host, service.port)
    if audience == "internal":
        return Endpoint(service.name, service_type(service).container_port)
    if audience == "tunnel":
        return Endpoint("127.0.0.1", service.port + tunnel_offset)
    loopback = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    return Endpoint(loopback.get(service.bind, service.bind), service.port)


def lacks(service: Service) -> str:
    """What an entry asks for that an image built in the official one's place doesn't have.

    Half a sentence (`has no gRPC`), `""` where it has all.
    """
    return f"has no {' and no '.join(service.more_ports)}" if service.more_ports else ""


def port_lines(service: Service, audience: str, tunnel_offset: int = 0) -> dict[str, str]:
    """The variables of its further ports (`QDRANT_GRPC_PORT`), for an audience.

    They are at the host of its `endpoint`, and secured as that one is.
    """
    inside = service_type(service).more_ports
    lines: dict[str, str] = {}
    for name, port in service.more_ports.items():
        if not service.external:
            port = {"internal": inside[name], "tunnel": port + tunnel_offset}.get(audience, port)
        lines[f"{service.prefix}_{name.upper()}_PORT"] = str(port)
    return lines


def describe(service: Service) -> dict[str, Any]:
    """A service as templates and variables read it, without its secret.

    `secret_files` maps what its container gets as a file to the file's name in `infra/.secrets`;
    `env` maps each suffix of its variables in `infra/.env` to a reference (`${REDIS_PORT}`); what
    is external has none.
    """
    kind = service_type(service)
    suffixes: list[str] = []
    files = {f"{service.name}_secret": service.name}
    if service.tls:
        files[f"{service.name}_certificate"] = f"{service.name}.crt"
        files[f"{service.name}_key"] = f"{service.name}.key"
    # By the stack's own CA, and whoever asks didn't say where that is
    unsigned = not (service.external or service.certificate or service.ca_file)
    if not service.external:
        own = kind.config_lines(service, "")
        suffixes = ["IMAGE", "FLAVOUR", "PORT", "CHECKSUM"]
        own |= port_lines(service, "host")
        suffixes += [name.removeprefix(f"{service.prefix}_") for name in own]
    return {
        "name": service.name,
        "kind": service.kind,
        "prefix": service.prefix,
        "external": service.external,
        "image": service.image,
        "host": endpoint(service, "host").host,
        "port": service.port,
        "publish": f"[{service.bind}]" if ":" in service.bind else service.bind,
        "options": dict(service.options),
        "limits": dict(service.limits),
        "tls": service.tls,
        "secret_files": {} if service.external else files,
        "sslmode": postgres_options(service).get("sslmode", ""),
        "ca_file": ca_bundle(service) if service.tls and not unsigned else "",
        "secret_variable": kind.secret_variable(service),
        "file_variable": f"{service.prefix}_{kind.file_suffix}",
        "env": {suffix: f"${{{service.prefix}_{suffix}}}" for suffix in suffixes},
    }
