"""How the URL of a PostgreSQL with several hosts names them: the scheme says who reads it."""

from __future__ import annotations

from .base import Endpoint

# SQLAlchemy's drivers that take several hosts
_DRIVERS = ("psycopg", "psycopg_async", "psycopg2", "asyncpg")


def hosts(scheme: str, endpoint: Endpoint) -> tuple[str, str]:
    """What stands before the URL's path, and a part of its query.

    One form that SQLAlchemy, libpq and asyncpg all read is `host=` and `port=` with commas. A
    first host before the path, which they overrule, is for those that want one there (pydantic's
    PostgresDsn); asyncpg by itself would go to that alone, so only SQLAlchemy's schemes have it.
    """
    if not endpoint.others or scheme == "postgres":  # which is no scheme of SQLAlchemy's
        return str(endpoint), ""
    names = ",".join(at.host for at in endpoint.each)
    ports = ",".join(str(at.port) for at in endpoint.each)
    first = str(endpoint.each[0]) if "+" in scheme else ""
    return first, f"host={names}&port={ports}"


def several_hosts(scheme: str) -> str:
    """Why a URL of that scheme can't name several hosts, or `""`."""
    known = ["postgresql", "postgres", *(f"postgresql+{name}" for name in _DRIVERS)]
    if scheme in known:
        return ""
    why = "pg8000 knows one" if scheme.endswith("+pg8000") else "nobody has tried it"
    return (
        f"url_scheme {scheme!r} isn't known to take several ({why}). Give one of "
        f"{', '.join(known)}, or name one `host` that leads to the primary, such as an HAProxy."
    )
