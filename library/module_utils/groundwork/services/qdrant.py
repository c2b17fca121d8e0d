"""Qdrant as a service type."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import tls
from .base import (
    BUILT_LABEL,
    RECREATE,
    THEIR_PASSWORD,
    Advice,
    Endpoint,
    ProbeError,
    Service,
    ServiceType,
)
from .qdrant_settings import SETTINGS, configuration
from .wire import time_left, unreachable


def _check_secret(secret: str) -> str:
    if all("!" <= char <= "~" for char in secret):
        return ""
    return "it travels in an HTTP header, which takes visible ASCII characters without spaces only"


def _url(service: Service, endpoint: Endpoint, secrets: Mapping[str, str]) -> str:
    return f"{'https' if service.tls else 'http'}://{endpoint}"


def _config_lines(service: Service, secrets: Mapping[str, str]) -> dict[str, str]:
    # JSON is YAML: the container reads this as its config/local.yaml.
    config: dict[str, Any] = configuration(service.settings)
    config.setdefault("service", {})["api_key"] = TYPE.password(service, secrets)
    if service.tls:
        shown, key = (f"/run/secrets/{service.name}_{part}" for part in ("certificate", "key"))
        config["service"]["enable_tls"] = True
        # Qdrant 1.7 doesn't start without the third. It verifies the certificates of clients (asked
        # of nobody here) and of a cluster's other nodes (there are none) by it.
        config["tls"] = {"cert": shown, "key": key, "ca_cert": shown}
    return {f"{service.prefix}_CONFIG": json.dumps(config)}


def _app_lines(service: Service, endpoint: Endpoint, secrets: Mapping[str, str]) -> dict[str, str]:
    lines = {f"{service.prefix}_API_KEY": TYPE.password(service, secrets)}
    return lines | ({f"{service.prefix}_CA_FILE": service.ca_file} if service.ca_file else {})


def _storage_format(labels: Mapping[str, str], env: Mapping[str, str], said: str) -> str:
    # The server and the Edge gateway keep their files in different ways.
    return "qdrant-edge" if BUILT_LABEL in labels else "qdrant-server"


def _probe(service: Service, endpoint: Endpoint, secret: str, timeout: float) -> str:
    left, secure = time_left(timeout), tls.context(service)

    def get(path: str, key: str = "") -> tuple[int, bytes]:
        return _get(_connection(endpoint, left(), secure), path, key)

    try:
        status, _ = get("/readyz")
        if status != 200:
            raise ProbeError(f"/readyz answers {status}", code=str(status))
        # /readyz asks for no key; a wrong key shows only where one is needed.
        status, _ = get("/collections", secret)
        if status in (401, 403):
            what = "refuses the API key" if secret else "asks for an API key, and none is set"
            raise ProbeError(f"{what} ({status})", permanent=True, code=str(status))
        if status != 200:
            raise ProbeError(f"/collections answers {status}", code=str(status))
        _, body = get("/", secret)
    except OSError as error:
        raise unreachable(error, timeout) from None
    except http.client.HTTPException as error:
        raise ProbeError(f"doesn't speak HTTP as expected ({type(error).__name__})") from None
    return _version(body)


@dataclass(frozen=True)
class HttpRequest:
    """What a server is asked: a method, a path with all quotes that it needs, and JSON."""

    method: str
    path: str
    body: Any = None


def ask(
    service: Service, endpoint: Endpoint, secret: str, asked: HttpRequest, timeout: float
) -> tuple[int, Any]:
    """Status and JSON of the answer to a request.

    Raises ProbeError; `timeout` (seconds) is for each step of it.
    """
    try:
        connection = _connection(endpoint, timeout, tls.context(service))
        status, body = _send(connection, asked, secret)
    except OSError as error:
        raise unreachable(error, timeout) from None
    except http.client.HTTPException as error:
        raise ProbeError(f"doesn't speak HTTP as expected ({type(error).__name__})") from None
    try:
        return status, json.loads(body)
    except ValueError:
        raise ProbeError(f"answers {status} and no JSON", code=str(status)) from None


def _connection(
    endpoint: Endpoint, timeout: float, secure: ssl.SSLContext | None
) -> http.client.HTTPConnection:
    if secure is None:
        return http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=timeout)
    return http.client.HTTPSConnection(
        endpoint.host, endpoint.port, timeout=timeout, context=secure
    )


def _get(connection: http.client.HTTPConnection, path: str, secret: str) -> tuple[int, bytes]:
    """Status and the start of the body of `GET path`."""
    return _send(connection, HttpRequest("GET", path), secret, 64 * 1024)


def _send(
    connection: http.client.HTTPConnection, asked: HttpRequest, secret: str, most: int = 2**28
) -> tuple[int, bytes]:
    """Status and at most so many bytes of the body."""
    headers = {"api-key": secret} if secret else {}
    text = None
    if asked.body is not None:
        headers["Content-Type"], text = "application/json", json.dumps(asked.body)
    try:
        connection.request(asked.method, asked.path, body=text, headers=headers)
        response = connection.getresponse()
        return response.status, response.read(most)
    finally:
        connection.close()


def _version(body: bytes) -> str:
    try:
        return str(json.loads(body)["version"])
    except (ValueError, KeyError, TypeError):
        return ""


_OTHER_KEY = Advice(
    "The running Qdrant was started with another API key.", RECREATE, THEIR_PASSWORD
)


_ONE_HOST = (
    "each node of a Qdrant cluster answers for all of it, and its clients take one address. Name "
    "one `host`: a node, or the load balancer before them."
)

TYPE = ServiceType(
    name="qdrant",
    official="qdrant/qdrant",
    container_port=6333,
    secret_suffix="API_KEY",
    file_suffix="CONFIG",
    version_file="",
    options={},
    check_secret=_check_secret,
    url=_url,
    config_lines=_config_lines,
    app_lines=_app_lines,
    storage_format=_storage_format,
    several_hosts=lambda options: _ONE_HOST,
    probe=_probe,
    advice={"401": _OTHER_KEY, "403": _OTHER_KEY},
    more_ports={"gRPC": 6334},
    settings=SETTINGS,
)
