"""A database's password made the one that `infra/.env` holds.

PostgreSQL keeps a password in its volume, so another one in a file changes nothing. It is changed
through the socket inside the container, where the official image trusts its own users, with the
statement on standard input: never in an argument list.

`infra/.new-passwords` lists the variables of passwords that were made while the volume was there
already. It is written before them and removed after the database has them, so that a run that was
interrupted between the two is finished by the next.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from . import engine
from .docker import Docker, Result
from .errors import GroundworkError
from .services import ProbeError, Service, endpoint, kind_of

JOURNAL = ".new-passwords"
WRONG_PASSWORD = "28P01"


def journal(folder: Path) -> set[str]:
    """The variables whose new values may not be in their databases yet."""
    path = folder / JOURNAL
    return set(path.read_text(encoding="utf-8").split()) if path.exists() else set()


def note(folder: Path, variables: Iterable[str]) -> None:
    """Add variables to the journal."""
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted(journal(folder) | set(variables))
    (folder / JOURNAL).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


def settle(folder: Path) -> None:
    """The databases have them all: drop the journal."""
    (folder / JOURNAL).unlink(missing_ok=True)


def has_password(service: Service, password: str) -> bool:
    """Whether the database lets the service's user in with `password`."""
    try:
        kind_of(service).probe(service, endpoint(service, "host"), password, 3)
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
    """Give the service's user `password`, through the socket inside its container."""
    user = service.options["user"].replace('"', '""')
    literal = password.replace("'", "''")
    statement = f"ALTER ROLE \"{user}\" PASSWORD '{literal}';\n"
    result = _psql(docker, _container(docker, project, service), service, statement)
    if not result.ok:
        raise GroundworkError(
            f"The password of {service.name} can't be changed: "
            f"{result.error.replace(password, '********')}",
            where=f"the role {service.options['user']} of {service.name}",
            next_step="Put the old password back into infra/.env, or let somebody who may change "
            "that role do it.",
        )


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


def _psql(docker: Docker, container: str, service: Service, sql: str) -> Result:
    return docker.run(
        *("exec", "-i", container, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"),
        *("-U", service.options["user"], "-d", service.options["database"], "-f", "-"),
        stdin=sql,
    )
