"""A database's password made the one that `infra/.env` holds.

PostgreSQL keeps a password in its volume, so another one in a file changes nothing. It is changed
through the socket inside the container, where the official image trusts its own users, with the
statement on standard input: never in an argument list.

`infra/.new-passwords` lists the variables of passwords that were made while the volume was there
already. It is written before them and removed after the database has them, so that a run that was
interrupted between the two is finished by the next.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import stringprep
import time
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from ..docker import CommandResult, Docker, engine
from ..errors import GroundworkError
from ..files import make_directories, replacing
from ..services import ProbeError, Service, endpoint, service_type

JOURNAL = ".new-passwords"
WRONG_PASSWORD = "28P01"

# `\;` and not `;` between the statements: the server gets them as one message, so that it does all
# of them whatever becomes of the run meanwhile. psql itself quotes the names behind a colon.
_CHANGE = r"""
BEGIN\; ALTER ROLE :"role" PASSWORD :'verifier'\; COMMIT\;
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE usename = :'role' AND pid <> pg_backend_pid() AND backend_type = 'client backend';
"""


def journal(directory: Path) -> set[str]:
    """The variables whose new values may not be in their databases yet."""
    path = directory / JOURNAL
    return set(path.read_text(encoding="utf-8").split()) if path.exists() else set()


def note(directory: Path, variables: Iterable[str]) -> None:
    """Add variables to the journal."""
    make_directories(directory, public=True)
    names = sorted(journal(directory) | set(variables))
    with replacing(directory / JOURNAL) as fresh:
        fresh.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


def clear_journal(directory: Path) -> None:
    """The databases have them all: drop the journal."""
    (directory / JOURNAL).unlink(missing_ok=True)


def has_password(service: Service, password: str) -> bool:
    """Whether the database lets the service's user in with `password`."""
    try:
        service_type(service).probe(service, endpoint(service, "host"), password, 3)
    except ProbeError as error:
        if error.code == WRONG_PASSWORD:
            return False
        raise GroundworkError(
            f"{service.name} can't be asked whether it has the new password: {error}",
            where=str(endpoint(service, "host")),
            next_step="Run again; `docker compose logs` in infra/ says what the server does.",
        ) from None
    return True


def give(docker: Docker, project: str, service: Service, password: str) -> None:
    """Give the service's user `password`, through the socket inside its container.

    Who is logged in with the old one is logged out.
    """
    # The server never sees the password, so that its log can't show it
    script = f"\\set verifier '{scram_verifier(password)}'\n{_CHANGE}"
    result = _psql(docker, _container(docker, project, service), service, script)
    if not result.ok:
        raise GroundworkError(
            f"The password of {service.name} can't be changed: {result.error}",
            where=f"the role {service.options['user']} of {service.name}",
            next_step="Put the old password back into infra/.env, or let somebody who may change "
            "that role do it.",
        )


def scram_verifier(password: str, salt: bytes = b"", iterations: int = 4096) -> str:
    """What PostgreSQL keeps of a password (SCRAM-SHA-256, RFC 5803); a random salt for b"".

    A password can't be worked out from it where it is long and random.
    """
    salt = salt or os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", _prepared(password).encode(), salt, iterations)
    client = hmac.digest(salted, b"Client Key", "sha256")
    server = hmac.digest(salted, b"Server Key", "sha256")
    words = (base64.b64encode(x).decode() for x in (salt, hashlib.sha256(client).digest(), server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(iterations, *words)


def _prepared(password: str) -> str:
    """The password as client libraries normalise it (SASLprep, RFC 4013) before they hash it."""
    if password.isascii():
        return password
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char
        for char in password
        if not stringprep.in_table_b1(char)
    )
    return unicodedata.normalize("NFKC", mapped)


def wait(docker: Docker, project: str, service: Service, timeout: float) -> None:
    """Wait until the server answers over TCP inside its container. `timeout` in seconds."""
    deadline = time.monotonic() + timeout
    container = _container(docker, project, service)
    while not (result := docker.run("exec", container, "pg_isready", "-h", "127.0.0.1")).ok:
        if time.monotonic() > deadline or "not running" in result.error:
            raise GroundworkError(
                f"{service.name} doesn't answer inside its container: {result.error}",
                where=f"container {container[:12]}",
                next_step="`docker compose logs` in infra/ says why.",
            )
        time.sleep(0.1)


def _container(docker: Docker, project: str, service: Service) -> str:
    found = (engine.containers(docker, project) or {}).get(service.name)
    if found is None:
        raise GroundworkError(
            f"{service.name} has no container, so its password can't be changed.",
            next_step="Run `ansible-playbook playbooks/dev.yml` again.",
        )
    return str(found["Id"])


def _psql(docker: Docker, container: str, service: Service, sql: str) -> CommandResult:
    return docker.run(
        *("exec", "-i", container, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"),
        *("-v", f"role={service.options['user']}"),
        *("-U", service.options["user"], "-d", service.options["database"], "-f", "-"),
        stdin=sql,
    )
