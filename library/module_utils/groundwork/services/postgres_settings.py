"""PostgreSQL's server parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .settings import COPY, FILES, REFUSED, SCRIPT, TLS, Settings, Trial, near, text_of

_LOG = "`docker logs` and the errors here read the server's log, which goes to no file"
_OWNED = {
    "port": "inside its container the server keeps 5432; the entry's `port` is the one outside",
    "listen_addresses": "the entry's `bind` says where it is reached",
    "unix_socket_directories": "the health check and the runs look for its socket where it is",
    "unix_socket_group": "nobody but the runs comes in by its socket",
    "unix_socket_permissions": "nobody but the runs comes in by its socket",
    "data_directory": FILES,
    "config_file": FILES,
    "hba_file": f"{FILES}; the entry's `tls` and `allow_from` say who may come in",
    "ident_file": FILES,
    "external_pid_file": FILES,
    "password_encryption": "passwords are set here as SCRAM-SHA-256 alone",
    "logging_collector": _LOG,
    "log_destination": _LOG,
    "primary_conninfo": COPY,
    "primary_slot_name": COPY,
    "restore_command": COPY,
}


def _owned(name: str) -> str:
    if name == "ssl" or name.startswith("ssl_"):
        return TLS
    if name.startswith("recovery_target"):
        return COPY
    return _OWNED.get(name, "")


def _value(raw: Any) -> str:
    if isinstance(raw, (list, tuple)):  # shared_preload_libraries, search_path
        return ",".join(text_of(each, "on", "off") for each in raw)
    return text_of(raw, "on", "off")


def _arguments(settings: Mapping[str, Any]) -> list[str]:
    return [part for name, text in settings.items() for part in ("-c", f"{name}={text}")]


# A new cluster in memory: the libraries are loaded and the memory is taken as they will be
_SCRIPT = SCRIPT.format(
    prepare='initdb --pgdata="$at/data" --username=postgres --auth=trust --no-sync >"$at/log" 2>&1 '
    '|| { cat "$at/log" >&2; exit 8; }',
    # Whatever is to be left out of its log, what it refuses is not
    server='postgres -D "$at/data" "$@" -c log_min_messages=warning -c listen_addresses= '
    '-c unix_socket_directories="$at"',
    ready='pg_isready -q -h "$at" -d postgres -U postgres',
    signal="INT",
    known="postgres --describe-config | cut -f1",
)


def _trial(settings: Mapping[str, Any]) -> Trial:
    data = "/var/lib/postgresql/data"  # so that the image's own volume isn't made
    places = (f"{data}:mode=1777", "/tmp:mode=1777,size=512m")  # noqa: S108  in the container
    return Trial("postgres", _SCRIPT, tuple(_arguments(settings)), places)


_LINE = re.compile(r"\b(FATAL|PANIC|ERROR|WARNING|DETAIL|HINT):  (.*)")
_REMOVED = re.compile("invalid (configuration parameter name|value for parameter)")
_UNKNOWN = re.compile('unrecognized configuration parameter "([^"]*)"')


def _refusal(code: int, said: str, known: Iterable[str]) -> list[str]:
    lines: list[tuple[str, str]] = _LINE.findall(said)
    if code != REFUSED:  # it starts without what a library of its own doesn't know
        return [text for level, text in lines if level == "WARNING" and _REMOVED.search(text)]
    words = [text for level, text in lines if level != "WARNING"] or said.strip().splitlines()[-3:]
    unknown = _UNKNOWN.search(said)
    hint = near(unknown[1].lower(), known) if unknown else ""
    return [*words, hint] if hint else words


SETTINGS = Settings(
    example="{shared_buffers: 256MB, max_connections: 200}",
    name=re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)*"),
    owned=_owned,
    value=_value,
    arguments=_arguments,
    trial=_trial,
    refusal=_refusal,
)
