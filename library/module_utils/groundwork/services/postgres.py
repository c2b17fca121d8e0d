"""PostgreSQL's room."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from .base import Endpoint, Kind, ProbeError, Service, major_in_tag


def _check_secret(secret: str) -> str:
    return ""


def _url(service: Service, endpoint: Endpoint, secret: str) -> str:
    user, database = (quote(service.options[key], safe="") for key in ("user", "database"))
    return (
        f"{service.options['url_scheme']}://{user}:{quote(secret, safe='')}@{endpoint}/{database}"
    )


def _config_lines(service: Service, secret: str) -> dict[str, str]:
    return {
        f"{service.prefix}_USER": service.options["user"],
        f"{service.prefix}_DB": service.options["database"],
    }


def _app_lines(service: Service, secret: str) -> dict[str, str]:
    return {}


def _flavour(reference: str, labels: Mapping[str, str], env: Mapping[str, str]) -> str:
    # Indexes on text follow the C library's order of letters: musl's data are not glibc's.
    major = labels.get("groundwork.major") or env.get("PG_MAJOR") or major_in_tag(reference)
    libc = labels.get("groundwork.libc") or ("musl" if "alpine" in reference else "glibc")
    return f"postgres-{major or 'unknown'}-{libc}"


def _probe(service: Service, endpoint: Endpoint, secret: str, timeout: float) -> str:
    raise ProbeError("not written yet")


KIND = Kind(
    name="postgres",
    container_port=5432,
    secret_suffix="PASSWORD",
    file_suffix="PASSWORD",
    options={"user": "app", "database": "app", "url_scheme": "postgresql"},
    check_secret=_check_secret,
    url=_url,
    config_lines=_config_lines,
    app_lines=_app_lines,
    flavour=_flavour,
    probe=_probe,
)
