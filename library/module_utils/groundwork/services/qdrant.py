"""Qdrant's room."""

from __future__ import annotations

import json
from collections.abc import Mapping

from .base import Endpoint, Kind, ProbeError, Service


def _check_secret(secret: str) -> str:
    if all("!" <= char <= "~" for char in secret):
        return ""
    return "it travels in an HTTP header, which takes visible ASCII characters without spaces only"


def _url(service: Service, endpoint: Endpoint, secret: str) -> str:
    return f"http://{endpoint}"


def _config_lines(service: Service, secret: str) -> dict[str, str]:
    # JSON is YAML: the container reads this as its config/local.yaml.
    return {f"{service.prefix}_CONFIG": json.dumps({"service": {"api_key": secret}})}


def _app_lines(service: Service, secret: str) -> dict[str, str]:
    return {f"{service.prefix}_API_KEY": secret}


def _flavour(reference: str, labels: Mapping[str, str], env: Mapping[str, str]) -> str:
    # The server and the Edge gateway keep their files in different ways.
    return "qdrant-edge" if reference.startswith("groundwork/") else "qdrant-server"


def _probe(service: Service, endpoint: Endpoint, secret: str, timeout: float) -> str:
    raise ProbeError("not written yet")


KIND = Kind(
    name="qdrant",
    container_port=6333,
    secret_suffix="API_KEY",
    file_suffix="CONFIG",
    options={},
    check_secret=_check_secret,
    url=_url,
    config_lines=_config_lines,
    app_lines=_app_lines,
    flavour=_flavour,
    probe=_probe,
)
