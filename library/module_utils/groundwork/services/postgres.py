"""PostgreSQL as a service type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from .. import image_names
from ..environment import POSTGRES_FILES
from ..text import one_line
from . import hosts, postgres_url, tls
from .base import THEIR_PASSWORD, Advice, Chosen, Endpoint, ProbeError, Secret, Service, ServiceType
from .postgres_settings import SETTINGS
from .wire import knock, no_answer


def _check_secret(secret: str) -> str:
    return ""


_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}")


def _option_problem(option: str, value: str) -> str:
    # Goes into the image's first start as it is
    if _IDENTIFIER.fullmatch(value):
        return ""
    return (
        f"is {value!r}; a PostgreSQL that runs here takes letters, digits, _ and $, no digit "
        "first, 63 at most. (An external one may have any name.)"
    )


def _url(service: Service, endpoint: Endpoint, secrets: Mapping[str, str]) -> str:
    secret = TYPE.password(service, secrets)
    user, database = (quote(service.options[key], safe="") for key in ("user", "database"))
    scheme, login = service.options["url_scheme"], f"{user}:{quote(secret, safe='')}"
    given = ["target_session_attrs=read-write"] if endpoint.others else []
    place, listed = postgres_url.hosts(scheme, endpoint)
    query = "&".join(filter(None, [listed, *given, _tls_query(service)]))
    return f"{scheme}://{login}@{place}/{database}{'?' if query else ''}{query}"


def _more_secrets(service: Service) -> tuple[Secret, ...]:
    given = {role.name: role.password for role in service.objects.roles}
    if superuser := service.objects.superuser:
        given = {superuser: service.objects.superuser_password} | given
    return tuple(
        Secret(
            _variable(service, role),
            service,
            f"{role}@{service.name}",
            role,
            password,
            "superuser_password" if role == superuser else f"roles.{role}.password",
        )
        for role, password in given.items()
    )


def _variable(service: Service, role: str) -> str:
    middle = "SUPERUSER" if role == service.objects.superuser else role.upper()
    return f"{service.prefix}_{middle}_PASSWORD"


def _tls_query(service: Service) -> str:
    if not service.tls:
        return ""
    if _asyncpg(service):  # takes the file from the environment only
        return "ssl=verify-full"
    return f"sslmode=verify-full&sslrootcert={quote(tls.ca_bundle(service))}"


def _asyncpg(service: Service) -> bool:
    return service.options["url_scheme"].endswith("+asyncpg")


def _config_lines(service: Service, secrets: Mapping[str, str]) -> dict[str, str]:
    return {
        f"{service.prefix}_USER": service.options["user"],
        f"{service.prefix}_DB": service.options["database"],
    }


def _app_lines(service: Service, endpoint: Endpoint, secrets: Mapping[str, str]) -> dict[str, str]:
    if service.tls and _asyncpg(service):
        return {"PGSSLROOTCERT": tls.ca_bundle(service)}
    return {}


# The version that the server says, and the C library that it is linked to; where it is a wrapper,
# the one that the image has.
_ASK_IMAGE = r"""
server=$(command -v postgres) && "$server" --version
head -c 8192 "$server" | tr '\0' '\n' | grep -m1 -e /ld-musl -e /ld-linux -e /ld64 ||
  ls -d /lib/ld-musl-* /lib*/ld-linux* /lib*/ld64* 2>/dev/null
true
"""


def _storage_format(labels: Mapping[str, str], env: Mapping[str, str], said: str) -> str:
    # Indexes on text follow the C library's order of letters: musl's data are not glibc's.
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    major = labels.get("groundwork.major") or (version[1] if version else env.get("PG_MAJOR"))
    found = "musl" if "/ld-musl" in said else "glibc" if "/ld" in said else ""
    libc = labels.get("groundwork.libc") or found
    return f"postgres-{major or 'unknown'}-{libc or 'unknown'}"


# The client library hands out no SQLSTATE for a connection that failed (psycopg/psycopg#1188), so
# it is told by the words of a server that speaks English, as the images do. Another language only
# costs the shortcut: the wait then ends with its time-out and shows the message all the same.
_STATES = (
    ("28P01", r"password authentication failed|no password supplied"),
    ("28000", r'no pg_hba\.conf entry|role ".*" does not exist'),
    ("3D000", r'database ".*" does not exist'),
    ("42501", r"permission denied for database"),
    ("57P03", r"the database system is"),
    ("53300", r"too many clients|remaining connection slots"),
    ("TLS", r"SSL error|server certificate for"),
    ("NOTLS", r"does not support SSL"),
)


# Password, role; database; certificate; no TLS. The beginnings of the codes.
_HOPELESS = ("28", "3D000", "TLS", "NOTLS")


def _probe(service: Service, endpoint: Endpoint, secret: str, timeout: float) -> str:
    _, version = _ask(endpoint, _login(service, secret), "SELECT 1", timeout)
    return version


def _choose(service: Service, endpoint: Endpoint, secret: str, timeout: float) -> Chosen:
    return primary(endpoint, _login(service, secret), timeout)


def primary(endpoint: Endpoint, login: Mapping[str, Any], timeout: float) -> Chosen:
    """Which of its hosts takes writes (see `hosts.choose`). `login` is what the client library is
    told besides the address and a time-out."""

    def ask(host: Endpoint, seconds: float) -> hosts.Reply:
        row, _ = _ask(host, login, _WRITES, seconds)
        return hosts.Reply(bool(row[0]), str(row[1]))

    return hosts.choose(endpoint, ask, timeout)


# Whether it takes writes, as the client library's target_session_attrs means it, and who it is
_WRITES = """SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off',
    pg_postmaster_start_time()"""


def _login(service: Service, secret: str) -> dict[str, Any]:
    if service.tls:
        tls.check_authorities(service)
    return {
        "user": service.options["user"],
        "password": secret,
        "dbname": service.options["database"],
        "application_name": "groundwork-probe",
        **tls.postgres_options(service),
    }


def _ask(
    endpoint: Endpoint, login: Mapping[str, Any], query: str, timeout: float
) -> tuple[tuple[Any, ...], str]:
    """The first row of an answer, and the server's version."""
    knock(endpoint, timeout)
    try:
        import psycopg
    except ImportError:
        raise ProbeError(
            "the Python library psycopg is not installed where the probe runs",
            permanent=True,
            code="NOLIBRARY",
        ) from None
    given: dict[str, Any] = {
        # The library knows whole seconds from 2 on; who calls a probe has a deadline as well.
        "connect_timeout": max(2, round(timeout)),
        **POSTGRES_FILES,
        **login,
    }
    try:
        with psycopg.connect(
            host=endpoint.host, port=endpoint.port, autocommit=True, **given
        ) as connection:
            row = connection.execute(query.encode()).fetchone() or ()
            return row, (connection.info.parameter_status("server_version") or "").split(" ")[0]
    except psycopg.Error as error:
        raise _probe_error(str(error), error.sqlstate or "", timeout) from None


def _probe_error(message: str, code: str, timeout: float) -> ProbeError:
    """A failed login in one line, with its SQLSTATE.

    28xxx (password, role) and 3D000 (database) don't pass by waiting: in both images the server
    listens on TCP only after its first start has made the role and the database. 57P03 (starting
    up, recovering), 53300 (all connections taken) and a closed port do.
    """
    if "timeout expired" in message:
        return no_answer(timeout)
    lines = [line for line in message.splitlines() if line.strip()]
    line = (
        lines[0].rpartition(" failed: ")[2].removeprefix("FATAL: ") if lines else "the login failed"
    )
    if line.startswith("SSL error: ") and re.search("verify|signature|certificate", line):
        line = f"its certificate is not trusted: {line.removeprefix('SSL error: ')}"
        code = "TLS"
    code = code or next((state for state, words in _STATES if re.search(words, message)), "")
    return ProbeError(one_line(line), permanent=code.startswith(_HOPELESS), code=code)


# Of the image's name; the versions after it may have their data in another place
_MAJORS = (re.compile(r"pg(\d+)"), re.compile(r"^(\d+)"))
_LAST_WITH_PLACE = 17


def _compose(service: Service) -> dict[str, str]:
    """Where its data are in the container, wherever the image wouldn't look there by itself.

    Images whose names tell that they do are left alone: the same container goes on.
    """
    image = image_names.parse(service.image)
    found = (pattern.search(image.tag) if image else None for pattern in _MAJORS)
    major = next(filter(None, found), None)
    if major and int(major[1]) <= _LAST_WITH_PLACE:
        return {}
    return {"PGDATA": "/var/lib/postgresql/data"}


_ADVICE = {
    "28P01": Advice(
        "The volume keeps the password that it was made with; the configured one is another.",
        "Do one of these: put the old password back into the inventory or infra/.env; or give the "
        "database the new one by running the playbook with -e stack_reset_passwords=true; or, if "
        "the data may go, remove the volume knowingly. Then run again.",
        THEIR_PASSWORD,
    ),
    "28000": Advice(
        "The database server doesn't let this user in from here.",
        "See that the service's `user` is the one that the volume was made with. Then run again.",
        "See that stack_services.{name}.user is right and may come in from here.",
    ),
    "3D000": Advice(
        "Its volume has other databases: it was made with another name, or somebody renamed or "
        "dropped this one.",
        "Put the right name into the service's `database`; or, for an empty one, run `docker "
        "compose exec SERVICE createdb -U USER NAME` in infra/. Then run again.",
        "See that stack_services.{name}.database is right; who runs it makes databases.",
    ),
}


TYPE = ServiceType(
    name="postgres",
    official="postgres",
    container_port=5432,
    secret_suffix="PASSWORD",
    file_suffix="PASSWORD",
    version_file="PG_VERSION",
    options={"user": "app", "database": "app", "url_scheme": "postgresql"},
    check_secret=_check_secret,
    url=_url,
    config_lines=_config_lines,
    app_lines=_app_lines,
    storage_format=_storage_format,
    probe=_probe,
    ask_image=_ASK_IMAGE,
    option_problem=_option_problem,
    advice=_ADVICE | hosts.ADVICE,
    choose=_choose,
    several_hosts=lambda options: postgres_url.several_hosts(options["url_scheme"]),
    more_secrets=_more_secrets,
    settings=SETTINGS,
    compose=_compose,
)
