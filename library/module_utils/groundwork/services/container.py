"""Any other service: a container that its entry in the inventory describes."""

from __future__ import annotations

import hashlib
import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import template
from .base import Endpoint, ProbeError, Secret, Service, ServiceType
from .fragment import in_yaml, literal
from .wire import knock, time_left, unreachable

# The engine's proxy takes a connection before anybody listens in the container, and closes it at
# once: a server that says nothing for so many seconds is there.
_SILENCE = 0.2


@dataclass(frozen=True)
class Health:
    """How it is asked: `http` (a path), `tcp` or `command`, at the port of that name."""

    how: str
    port: str
    path: str = ""
    command: tuple[str, ...] = ()  # as the engine takes it, CMD or CMD-SHELL first


@dataclass(frozen=True)
class SecretUse:
    """How the container gets a secret: as the file /run/secrets/NAME always, its path in
    `file_variable`, the secret itself in `plain_variable`, where they aren't empty."""

    name: str
    variable: str  # in infra/.env
    file_variable: str = ""
    plain_variable: str = ""
    given: str = field(default="", repr=False)


@dataclass(frozen=True)
class Details:
    """What an entry says of its container. `url`, `lines` and `files` are templates, the files' by
    their paths inside; `volumes` maps a name to its place inside; empty ones are the image's."""

    health: Health
    url: str
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[SecretUse, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    volumes: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    read_only: bool = True
    no_new_privileges: bool = True
    cap_add: tuple[str, ...] = ()
    user: str = ""
    tmpfs: tuple[str, ...] = ()
    stop_seconds: int = 30


def details(service: Service) -> Details:
    """What the entry of a container says."""
    assert isinstance(service.details, Details)
    return service.details


def _more_secrets(service: Service) -> tuple[Secret, ...]:
    return tuple(
        Secret(
            variable=use.variable,
            service=service,
            name=f"{use.name}@{service.name}",
            role=use.name,
            given=use.given,
            option=f"secrets.{use.name}.password",
        )
        for use in details(service).secrets
    )


def _fill(text: str, service: Service, endpoint: Endpoint, secrets: Mapping[str, str]) -> str:
    named = {use.name: secrets[use.variable] for use in details(service).secrets}
    return template.fill(text, endpoint, service.inner_ports, named)


def _url(service: Service, endpoint: Endpoint, secrets: Mapping[str, str]) -> str:
    return _fill(details(service).url, service, endpoint, secrets)


def _app_lines(service: Service, endpoint: Endpoint, secrets: Mapping[str, str]) -> dict[str, str]:
    lines = details(service).lines
    return {name: _fill(text, service, endpoint, secrets) for name, text in lines.items()}


def _files(service: Service, secrets: Mapping[str, str]) -> dict[str, str]:
    said = details(service)
    inside = Endpoint(service.name, next(iter(service.inner_ports.values())), service.inner_ports)
    found = {_secret_file(service, use): secrets[use.variable] for use in said.secrets}
    return found | {
        _file(service, path): _fill(text, service, inside, secrets)
        for path, text in said.files.items()
    }


def _secret_file(service: Service, use: SecretUse) -> str:
    return f"{service.name}.{use.name}"


def _file(service: Service, path: str) -> str:
    # A name that no secret can have, and another one for each path
    return f"{service.name}.file-{hashlib.sha256(path.encode()).hexdigest()[:12]}"


def _stores(service: Service) -> tuple[str, ...]:
    # A dot, which no service's name has: what stands between the stack's name and `_data` is of one
    # stack alone, whatever underscores are in their names
    return tuple(
        service.name if name == "data" else f"{service.name}.{name}"
        for name in details(service).volumes
    )


def _compose(service: Service) -> dict[str, str]:
    said = details(service)
    environment = {name: literal(text) for name, text in said.environment.items()}
    for use in said.secrets:
        if use.file_variable:
            environment[use.file_variable] = f"/run/secrets/{use.name}"
        if use.plain_variable:
            environment[use.plain_variable] = f"${{{use.variable}}}"
    mounts = [{"source": _secret_file(service, u), "target": u.name} for u in said.secrets]
    mounts += [{"source": _file(service, p), "target": literal(p)} for p in said.files]
    places = zip(_stores(service), said.volumes.values(), strict=True)
    first, *more = service.inner_ports
    variables = {first: f"{service.prefix}_PORT"}
    variables |= {name: f"{service.prefix}_{name.upper()}_PORT" for name in more}
    keys: dict[str, Any] = {
        # Some name their data by it (RabbitMQ), and the engine's own is another in each container
        "hostname": service.name,
        "ports": [
            f"{service.publish}:${{{variables[name]}}}:{port}"
            for name, port in service.inner_ports.items()
        ],
        "volumes": [f"{store}_data:{literal(place)}" for store, place in places],
        "environment": environment,
        "secrets": mounts,
        "tmpfs": [literal(place) for place in said.tmpfs],
        "cap_add": list(said.cap_add),
        "command": [literal(word) for word in said.command],
        "entrypoint": [literal(word) for word in said.entrypoint],
        "user": literal(said.user),
        "stop_grace_period": f"{said.stop_seconds}s",
        "test": [literal(word) for word in said.health.command],
    }
    found = {key: in_yaml(value) for key, value in keys.items() if value}
    lifted = {"read_only": said.read_only, "security_opt": said.no_new_privileges}
    nothing = {"read_only": "false", "security_opt": "[]"}
    return found | {key: nothing[key] for key, kept in lifted.items() if not kept}


def _probe(service: Service, endpoint: Endpoint, secret: str, timeout: float) -> str:
    health = details(service).health
    ports = {next(iter(service.inner_ports)): endpoint.port, **endpoint.more}
    where = Endpoint(endpoint.host, ports[health.port])
    if health.how == "http":
        _ask(where, health.path, timeout)
    elif health.how == "tcp":
        _listens(where, timeout)
    else:  # that its container runs; its health check says the rest
        knock(where, timeout)
    return ""


def _ask(where: Endpoint, path: str, timeout: float) -> None:
    connection = http.client.HTTPConnection(where.host, where.port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"User-Agent": "groundwork"})
        status = connection.getresponse().status
    except OSError as error:
        raise unreachable(error, timeout) from None
    except http.client.HTTPException as error:
        raise ProbeError(f"doesn't speak HTTP as expected ({type(error).__name__})") from None
    finally:
        connection.close()
    if not 200 <= status < 400:
        raise ProbeError(f"GET {path} at port {where.port} answers {status}", code=f"HTTP {status}")


def _listens(where: Endpoint, timeout: float) -> None:
    left = time_left(timeout)
    try:
        with socket.create_connection((where.host, where.port), timeout=left()) as connection:
            connection.settimeout(min(_SILENCE, left()))
            try:
                closed = not connection.recv(1)
            except TimeoutError:
                closed = False
    except OSError as error:
        raise unreachable(error, timeout) from None
    if closed:
        raise ProbeError("closes each connection at once, as if nobody listened")


TYPE = ServiceType(
    name="container",
    official="",
    container_port=0,
    secret_suffix="",
    file_suffix="",
    version_file="",
    options={},
    check_secret=lambda secret: "",
    url=_url,
    config_lines=lambda service, secrets: {},
    app_lines=_app_lines,
    # A label that changed with the image would be a volume that differs from its Compose file;
    # whether an image reads another's data is for the person to know who chose both
    storage_format=lambda labels, env, said: "container",
    probe=_probe,
    one_storage_format=True,
    more_secrets=_more_secrets,
    files=_files,
    stores=_stores,
    engine_decides=lambda service: details(service).health.how == "command",
    compose=_compose,
)
