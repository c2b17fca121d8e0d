"""Redis' configuration directives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .settings import COPY, FILES, REFUSED, SCRIPT, TLS, Settings, Trial, near, text_of

_LOGIN = "the default user's password is the entry's `password`, or made"
_PROCESS = "the container starts it, and `docker logs` reads what it says"
_OWNED = {
    "port": "inside its container the server keeps 6379; the entry's `port` is the one outside",
    "bind": "the entry's `bind` says where it is reached",
    "bind-source-addr": "the entry's `bind` says where it is reached",
    "protected-mode": "nobody comes in without a password",
    "unixsocket": "the entry's `port` is the way in",
    "unixsocketperm": "the entry's `port` is the way in",
    "requirepass": _LOGIN,
    "user": f"{_LOGIN}; a further user would be shown by `docker inspect`",
    "aclfile": _LOGIN,
    "masterauth": COPY,
    "masteruser": COPY,
    "replicaof": COPY,
    "slaveof": COPY,
    "dir": FILES,
    "include": FILES,
    "appenddirname": FILES,
    "appendfilename": FILES,
    "dbfilename": FILES,
    "appendonly": "always on here, as data have to outlive the container; `appendfsync: no` and "
    "`save: ''` cost less",
    "rename-command": "the health check and the apps count on the commands' own names",
    "daemonize": _PROCESS,
    "supervised": _PROCESS,
    "pidfile": _PROCESS,
    "logfile": _PROCESS,
    "syslog-enabled": _PROCESS,
}


def _owned(name: str) -> str:
    if name == "tls" or name.startswith("tls-"):
        return TLS
    if name.startswith("cluster-"):
        return COPY
    return _OWNED.get(name, "")


def _value(raw: Any) -> list[str]:
    values = raw if isinstance(raw, (list, tuple)) else [raw]
    if not values:
        raise ValueError("is an empty list; '' is an empty value")
    return [text_of(each, "yes", "no") for each in values]


def _arguments(settings: Mapping[str, Any]) -> list[str]:
    return [
        part for name, texts in settings.items() for text in texts for part in (f"--{name}", text)
    ]


_SERVER = 'redis-server {} --port 0 --unixsocket "$at/s" --dir "$at"'
_ASK = 'redis-cli -s "$at/s" {} 2>/dev/null'
_NAMES = _ASK.format("config get '*'")
_READY = f'[ "$({_ASK.format("ping")})" = PONG ]'
_SCRIPT = SCRIPT.format(
    prepare="",
    server=_SERVER.format('"$@" --appendonly yes'),
    ready=_READY,
    signal="INT",
    # All names, of a server that starts
    known=f"{_SERVER.format('')} >/dev/null 2>&1 &\n"
    f"for each in 1 2 3 4 5 6 7 8 9; do {_READY} && break; sleep 0.1; done\n"
    f"{_NAMES} | sed -n 'p;n'\nkill -9 $!",
)


def _trial(settings: Mapping[str, Any]) -> Trial:
    places = ("/data:mode=1777", "/tmp:mode=1777,size=64m")  # noqa: S108  in the container
    return Trial("redis", _SCRIPT, tuple(_arguments(settings)), places)


_WRONG = re.compile(r"^>>> '(.*)'\n(.*)$", re.MULTILINE)


def _refusal(code: int, said: str, known: Iterable[str]) -> list[str]:
    if code != REFUSED:
        return []
    if not (found := _WRONG.search(said)):
        lines = [line for line in said.strip().splitlines() if "# WARNING" not in line]
        return lines[-3:]
    line, words = found.groups()
    name = line.split(" ")[0]
    names = list(known)
    hint = near(name.replace("_", "-"), names) if name not in names else ""
    return [f"{line}: {words}", *([hint] if hint else [])]


_SIZE = re.compile(r"(\d+)(b|k|kb|m|mb|g|gb)?", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 10**3, "kb": 2**10, "m": 10**6, "mb": 2**20, "g": 10**9, "gb": 2**30}


def _problems(settings: Mapping[str, Any], limits: Mapping[str, Any]) -> list[str]:
    """A `maxmemory` that the container's own limit would not let it reach."""
    most, own = (
        _SIZE.fullmatch(str(each))
        for each in (limits.get("memory", ""), settings.get("maxmemory", [""])[-1])
    )
    if not most or not own:
        return []
    memory = int(most[1]) * _UNITS[f"{most[2]}b"]
    given = int(own[1]) * _UNITS[(own[2] or "").lower()]
    if 0 < given < memory:
        return []
    what = "is no limit" if not given else "is not less than the entry's `memory`"
    return [
        f"maxmemory {what}, so the container would be killed when it is full. Leave some for its "
        "forks; without this setting it is three quarters of `memory`."
    ]


SETTINGS = Settings(
    example="{maxmemory: 256mb, maxmemory-policy: allkeys-lru}",
    name=re.compile(r"[A-Za-z][A-Za-z0-9_-]*"),
    owned=_owned,
    value=_value,
    arguments=_arguments,
    trial=_trial,
    refusal=_refusal,
    problems=_problems,
)
