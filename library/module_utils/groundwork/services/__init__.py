"""A room for each kind of service. A new kind is a new file here and its line in `KINDS`."""

from __future__ import annotations

from . import postgres, qdrant, redis
from .base import Endpoint, Kind, ProbeError, Service

KINDS: dict[str, Kind] = {kind.name: kind for kind in (postgres.KIND, qdrant.KIND, redis.KIND)}

__all__ = ["KINDS", "Endpoint", "Kind", "ProbeError", "Service", "endpoint", "kind_of"]


def kind_of(service: Service) -> Kind:
    """The room of a service."""
    return KINDS[service.kind]


def endpoint(service: Service, audience: str) -> Endpoint:
    """Where `service` answers for an audience.

    `internal` is the Compose network (its name, its own port); `host` is the machine that runs it
    (the published port; 127.0.0.1 where it is published on every address).
    """
    if audience == "internal":
        return Endpoint(service.name, kind_of(service).container_port)
    if audience == "host":
        wildcard = service.bind in ("0.0.0.0", "::")
        return Endpoint("127.0.0.1" if wildcard else service.bind, service.port)
    raise ValueError(f"no audience {audience!r}")
