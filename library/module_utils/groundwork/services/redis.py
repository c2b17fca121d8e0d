"""Redis as a service type."""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO
from urllib.parse import quote

from ..text import one_line
from .base import RECREATE, THEIR_PASSWORD, Advice, Endpoint, ProbeError, Service, ServiceType
from .redis_settings import SETTINGS
from .tls import secured
from .wire import time_left, unreachable


def _check_secret(secret: str) -> str:
    return ""


def _option_problem(option: str, value: str) -> str:
    return "is for an external Redis: a managed one has one user, who is nameless in its address."


def _url(service: Service, endpoint: Endpoint, secrets: Mapping[str, str]) -> str:
    secret = TYPE.password(service, secrets)
    scheme = "rediss" if service.tls else "redis"
    login = f"{quote(service.options['user'], safe='')}:{quote(secret, safe='')}"
    return f"{scheme}://{login}@{endpoint}/0"


def _config_lines(service: Service, secrets: Mapping[str, str]) -> dict[str, str]:
    # Redis takes the password's SHA-256, so the container never holds the password itself.
    digest = hashlib.sha256(TYPE.password(service, secrets).encode()).hexdigest()
    return {f"{service.prefix}_ACL": f"user default on #{digest} ~* &* +@all"}


def _app_lines(service: Service, endpoint: Endpoint, secrets: Mapping[str, str]) -> dict[str, str]:
    # Not in the URL: each client names the option in its own way, and some refuse unknown ones.
    return {f"{service.prefix}_CA_FILE": service.ca_file} if service.ca_file else {}


def _storage_format(labels: Mapping[str, str], env: Mapping[str, str], said: str) -> str:
    # Redis reads the files of older versions, and refuses those of newer ones by itself.
    return "redis"


def _probe(service: Service, endpoint: Endpoint, secret: str, timeout: float) -> str:
    with session(service, endpoint, secret, timeout) as ask:
        answer = ask("PING")
        if answer != "PONG":
            raise ProbeError(one_line(f"PING got no PONG but: {answer}", 100))
        return _version(ask)


@contextlib.contextmanager
def session(
    service: Service, endpoint: Endpoint, secret: str, timeout: float
) -> Iterator[Callable[..., str]]:
    """What asks the server a command's words, logged in. Raises ProbeError; `timeout` (seconds) is
    for all of it."""
    left = time_left(timeout)
    try:
        address = (endpoint.host, endpoint.port)
        with (
            socket.create_connection(address, timeout=left()) as plain,
            secured(plain, service, endpoint) as connection,
            connection.makefile("rb") as replies,
        ):

            def ask(*words: str) -> str:
                connection.settimeout(left())
                connection.sendall(_command(words))
                return _reply(replies)

            user = service.options["user"]
            if secret:
                ask("AUTH", *([user] if user else []), secret)
            yield ask
    except OSError as error:
        raise unreachable(error, timeout) from None


def _command(words: tuple[str, ...]) -> bytes:
    """A command in Redis' protocol: every word with its length, so no word needs quotes."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word.encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


def _reply(replies: BinaryIO) -> str:
    """One simple or bulk reply. An error reply is a ProbeError with its first word as code."""
    line = replies.readline(4096)
    if not line:
        raise ProbeError("closed the connection without an answer")
    mark, text = line[:1], line[1:].decode(errors="replace").strip()
    if mark == b"+":
        return text
    if mark == b"$" and text.isdigit():
        return replies.read(int(text) + 2).decode(errors="replace").rstrip()
    if mark == b"-":
        code = text.partition(" ")[0]
        if "without any password configured" in text:
            raise ProbeError("asks for no password, though one is set", permanent=True, code=code)
        # LOADING, BUSY and MASTERDOWN pass; a refused password doesn't.
        refused = code in ("WRONGPASS", "NOAUTH", "NOPERM")
        raise ProbeError(one_line(text), permanent=refused, code=code)
    raise ProbeError("doesn't speak Redis' protocol")


def _version(ask: Callable[..., str]) -> str:
    """The server's version, or `""` where this user may not ask: that is no illness."""
    try:
        info = ask("INFO", "server")
    except ProbeError:
        return ""
    found = re.search(r"^redis_version:(\S+)", info, re.MULTILINE)
    return found[1] if found else ""


_ADVICE = {
    "WRONGPASS": Advice(
        "The running Redis was started with another password.", RECREATE, THEIR_PASSWORD
    ),
    "NOAUTH": Advice("Redis wants a password and was asked without one.", RECREATE, THEIR_PASSWORD),
}


_ONE_HOST = (
    "Redis's clients find a primary by Sentinel or as a cluster's clients, each in a way of its "
    "own, and no URL says which. Name one `host` that leads to the primary: the provider's primary "
    "endpoint, or an HAProxy (option tcp-check, expect role:master)."
)

TYPE = ServiceType(
    name="redis",
    official="redis",
    container_port=6379,
    secret_suffix="PASSWORD",
    file_suffix="ACL",
    version_file="",
    options={"user": ""},
    check_secret=_check_secret,
    url=_url,
    config_lines=_config_lines,
    app_lines=_app_lines,
    storage_format=_storage_format,
    several_hosts=lambda options: _ONE_HOST,
    probe=_probe,
    option_problem=_option_problem,
    advice=_ADVICE,
    one_storage_format=True,
    settings=SETTINGS,
)
