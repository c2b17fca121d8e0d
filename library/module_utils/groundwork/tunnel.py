"""The SSH tunnel from a laptop to the services of a shared machine."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import GroundworkError
from .services import Service, endpoint


def command(services: Iterable[Service], ssh: Mapping[str, Any], offset: int) -> str:
    """The command that opens it, `""` where no service runs there.

    Each service gets its own port plus `offset` on the laptop. `ssh` has host and, where they are
    not SSH's own, user, port and key (a file). Raises GroundworkError for a port that can't be.
    """
    forwards: list[str] = []
    for service in services:
        if service.external:
            continue
        here, there = endpoint(service, "tunnel", offset), endpoint(service, "host")
        if not 1 <= here.port <= 65535:
            raise GroundworkError(
                f"{service.name} would be at port {here.port} of the laptop, which can't be.",
                where="env_files_tunnel_offset",
                next_step="Choose an offset with which every port is from 1 to 65535.",
            )
        forwards += ["-L", f"{here}:{there}"]
    if not forwards:
        return ""
    words = ["ssh", "-N", *forwards]
    if str(ssh.get("port") or 22) != "22":
        words += ["-p", str(ssh["port"])]
    if ssh.get("key"):
        words += ["-i", str(ssh["key"])]
    user = f"{ssh['user']}@" if ssh.get("user") else ""
    return shlex.join([*words, f"{user}{ssh['host']}"])
