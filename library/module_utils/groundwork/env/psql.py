"""The lines of an app's env file by which psql, and what else uses libpq, finds its database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..config import App
from ..services import Endpoint, Service, postgres_options
from .lines import password_of


def psql_lines(
    app: App,
    services: Iterable[Service],
    places: Mapping[str, Endpoint],
    secrets: Mapping[str, str],
) -> dict[str, str]:
    """`PGHOST` and so on, of the first PostgreSQL address that the app gets.

    `places`: by service, where it answers for the app; `secrets` are values by variable.
    """
    known = {each.name: each for each in services if each.kind == "postgres"}
    login = next((each for each in app.logins if each.service in known), None)
    if not app.psql or login is None:
        return {}
    plain, service = known[login.service], login.of(known[login.service])
    hosts = places[plain.name].each
    tls = postgres_options(plain)
    lines = {
        "PGHOST": ",".join(each.host for each in hosts),
        "PGPORT": ",".join(str(each.port) for each in hosts),
        "PGUSER": service.options["user"],
        "PGPASSWORD": password_of(login, plain, secrets),
        "PGDATABASE": service.options["database"],
        "PGSSLMODE": str(tls.get("sslmode", "")),
        "PGSSLROOTCERT": str(tls.get("sslrootcert", "")),
        "PGTARGETSESSIONATTRS": "read-write" if len(hosts) > 1 else "",
    }
    return {name: value for name, value in lines.items() if value}
