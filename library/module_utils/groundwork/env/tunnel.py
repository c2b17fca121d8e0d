"""The SSH tunnel from a laptop to the services of a shared machine."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import GroundworkError
from ..services import Service, endpoint


def command(services: Iterable[Service], ssh: Mapping[str, Any], offset: int) -> str:
    """The command that opens it, `""` where no service runs there.

    Each service gets its own port plus `offset` on the laptop. `ssh` has host and, where they are
    not SSH's own, user, port and key (a file). Raises GroundworkError for a port that can't be.
    """
    forwards: list[str] = []
    for service in services:
        if service.external:
            continue
        local, remote = endpoint(service, "tunnel", offset), endpoint(service, "host")
        for port in service.ports.values():
            if not 1 <= port + offset <= 65535:
                raise GroundworkError(
                    f"{service.name} would be at port {port + offset} of the laptop, "
                    "which can't be.",
                    where="env_files_tunnel_offset",
                    next_step="Choose an offset with which every port is from 1 to 65535.",
                )
            ends = replace(local, port=port + offset), replace(remote, port=port)
            forwards += ["-L", ":".join(map(str, ends))]
    if not forwards:
        return ""
    # Where a port is taken (another tunnel?), nobody should believe that this one is up
    words = ["ssh", "-N", "-o", "ExitOnForwardFailure=yes", *forwards]
    if str(ssh.get("port") or 22) != "22":
        words += ["-p", str(ssh["port"])]
    if ssh.get("key"):
        words += ["-i", str(ssh["key"])]
    user = f"{ssh['user']}@" if ssh.get("user") else ""
    return shlex.join([*words, f"{user}{ssh['host']}"])


def ca_files(
    services: Iterable[Service], stack_ca: str, prefix: Path
) -> tuple[list[Service], dict[Path, str]]:
    """The services as a laptop knows them, and the files that it needs to verify them.

    What verifies one that runs on the machine is at its `ca_file` on that machine (`stack_ca`: the
    stack's own CA); on the laptop it goes beside the stack's files, as `prefix` with `.ca.crt`. The
    second value maps each local file to the remote one.
    """
    known: list[Service] = []
    files: dict[Path, str] = {}
    for service in services:
        if service.tls and service.ca_file and not service.external:
            part = "" if service.ca_file == stack_ca else f".{service.name}"
            local = prefix.with_name(f"{prefix.name}{part}.ca.crt")
            files[local] = service.ca_file
            known.append(replace(service, ca_file=str(local)))
        else:
            known.append(service)
    return known, files
