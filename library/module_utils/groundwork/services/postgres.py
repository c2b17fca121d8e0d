"""PostgreSQL's room."""

from __future__ import annotations

from urllib.parse import quote

from .base import Endpoint, Kind, ProbeError, Service


def _check_secret(secret: str) -> str:
    return ""


def _url(service: Service, endpoint: Endpoint, secret: str) -> str:
    user, database = (quote(service.options[key], safe="") for key in ("user", "database"))
    address = f"{endpoint.host}:{endpoint.port}"
    return f"{service.options['url_scheme']}://{user}:{quote(secret, safe='')}@{address}/{database}"


def _config_lines(service: Service, secret: str) -> dict[str, str]:
    return {
        f"{service.prefix}_USER": service.options["user"],
        f"{service.prefix}_DB": service.options["database"],
    }


def _app_lines(service: Service, secret: str) -> dict[str, str]:
    return {}


def _probe(service: Service, endpoint: Endpoint, secret: str, timeout: float) -> str:
    raise ProbeError("not written yet")


KIND = Kind(
    name="postgres",
    container_port=5432,
    secret_suffix="PASSWORD",
    options={"user": "app", "database": "app", "url_scheme": "postgresql"},
    check_secret=_check_secret,
    url=_url,
    config_lines=_config_lines,
    app_lines=_app_lines,
    probe=_probe,
)
