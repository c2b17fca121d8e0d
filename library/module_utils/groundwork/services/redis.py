"""Redis' room."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import quote

from .base import Endpoint, Kind, ProbeError, Service, major_in_tag


def _check_secret(secret: str) -> str:
    return ""


def _url(service: Service, endpoint: Endpoint, secret: str) -> str:
    return f"redis://:{quote(secret, safe='')}@{endpoint}/0"


def _config_lines(service: Service, secret: str) -> dict[str, str]:
    # Redis takes the password's SHA-256, so the container never holds the password itself.
    digest = hashlib.sha256(secret.encode()).hexdigest()
    return {f"{service.prefix}_ACL": f"user default on #{digest} ~* &* +@all"}


def _app_lines(service: Service, secret: str) -> dict[str, str]:
    return {}


def _flavour(reference: str, labels: Mapping[str, str], env: Mapping[str, str]) -> str:
    # Redis reads the files of an older major, not of a newer one.
    major = labels.get("groundwork.major") or env.get("REDIS_VERSION", "").partition(".")[0]
    return f"redis-{major or major_in_tag(reference) or 'unknown'}"


def _probe(service: Service, endpoint: Endpoint, secret: str, timeout: float) -> str:
    raise ProbeError("not written yet")


KIND = Kind(
    name="redis",
    container_port=6379,
    secret_suffix="PASSWORD",
    file_suffix="ACL",
    options={},
    check_secret=_check_secret,
    url=_url,
    config_lines=_config_lines,
    app_lines=_app_lines,
    flavour=_flavour,
    probe=_probe,
)
