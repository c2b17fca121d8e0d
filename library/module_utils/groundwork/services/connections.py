"""How many connections a server has open, and how many it takes: asked of the server itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..environment import POSTGRES_FILES
from ..records import Record
from . import redis, tls
from .base import Endpoint, ProbeError, Service
from .wire import knock


@dataclass(frozen=True)
class Connections(Record):
    """Those in use, without the one that asks, and how many the server takes at most."""

    used: int = 0
    limit: int = 0


# Of all databases: the app's role may read these numbers, though not what the others' sessions do
_POSTGRES = """
SELECT coalesce(sum(numbackends), 1) - 1, current_setting('max_connections')::int
FROM pg_stat_database WHERE datid <> 0
"""


def _postgres(service: Service, endpoint: Endpoint, secret: str, timeout: float) -> Connections:
    knock(endpoint, timeout)
    import psycopg

    secure: dict[str, Any] = {**tls.postgres_options(service)}
    try:
        with psycopg.connect(
            host=endpoint.host,
            port=endpoint.port,
            user=service.options["user"],
            password=secret,
            dbname=service.options["database"],
            connect_timeout=max(2, round(timeout)),
            application_name="groundwork-status",
            autocommit=True,
            **POSTGRES_FILES,
            **secure,
        ) as connection:
            row = connection.execute(_POSTGRES).fetchone() or (0, 0)
            return Connections(int(row[0]), int(row[1]))
    except psycopg.Error as error:
        raise ProbeError(type(error).__name__) from None


def _redis(service: Service, endpoint: Endpoint, secret: str, timeout: float) -> Connections:
    with redis.session(service, endpoint, secret, timeout) as ask:
        told = dict(
            re.findall(r"^(connected_clients|maxclients):(\d+)", ask("INFO", "clients"), re.M)
        )
    return Connections(
        max(int(told.get("connected_clients", 1)) - 1, 0), int(told.get("maxclients", 0))
    )


# Those types whose servers tell
CONNECTIONS: dict[str, Callable[[Service, Endpoint, str, float], Connections]] = {
    "postgres": _postgres,
    "redis": _redis,
}
