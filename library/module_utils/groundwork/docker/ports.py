"""Who holds a port."""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from . import engine
from .cli import Docker

_LOOKS, _PAUSE = 3, 0.2  # seconds; a container that is starting holds its ports before it runs


@dataclass(frozen=True)
class HeldPort:
    """A port that somebody holds; `holder` is a phrase for a sentence, `stack` the Compose project
    of a container."""

    port: int
    holder: str
    stack: str = ""


def taken(docker: Docker, wanted: Iterable[tuple[str, int]]) -> list[HeldPort]:
    """Those of `wanted` (address, port) that can't be bound now, with who holds each."""
    held = [(address, port) for address, port in wanted if not _free(address, port)]
    return [_held(docker, port) for _, port in held]


def _free(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except PermissionError:
            return True  # below 1024 as an ordinary user; the engine may still bind it
        except OSError as error:
            return error.errno == errno.EADDRNOTAVAIL  # nobody can hold it: see `foreign`
    return True


def foreign(addresses: Iterable[str]) -> set[str]:
    """Those of `addresses` that this machine doesn't have."""
    found: set[str] = set()
    for address in set(addresses):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((address, 0))
            except OSError as error:
                if error.errno == errno.EADDRNOTAVAIL:
                    found.add(address)
    return found


def _held(docker: Docker, port: int) -> HeldPort:
    form = f'{{{{.Names}}}}\t{{{{.Image}}}}\t{{{{.Label "{engine.PROJECT_LABEL}"}}}}'
    for look in range(_LOOKS):
        time.sleep(_PAUSE if look else 0)
        found = docker.run("ps", "--filter", f"publish={port}", "--format", form, timeout=10)
        if not found.ok:
            break
        if found.stdout.strip():
            name, image, stack = found.stdout.splitlines()[0].split("\t")
            return HeldPort(port, f"the container {name} ({image})", stack)
    return HeldPort(port, _process(port) or "a program that this user may not look at")


def _process(port: int) -> str:
    """The listening process; `""` where it can't be told."""
    try:
        import psutil  # not above: its 0.07 s are for a run that a port stops
    except ImportError:  # an older toolbox
        return ""
    found: list[tuple[int | None, Any]]
    try:
        found = [(each.pid, each) for each in psutil.net_connections("tcp")]
    except psutil.AccessDenied:  # macOS shows all at once to root alone
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                found += [(process.pid, each) for each in process.net_connections("tcp")]
    for pid, each in found:
        if pid and each.status == psutil.CONN_LISTEN and each.laddr.port == port:
            with contextlib.suppress(psutil.NoSuchProcess):
                return f"{psutil.Process(pid).name()} (process {pid})"
    return ""
