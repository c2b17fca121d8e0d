"""What a stack uses of its machine: its volumes' sizes, connections, free space.

No part of the one read: it costs some commands, and only a status or a metric wants to know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..docker import Docker, volumes
from ..health import aim, choose
from ..services import CONNECTIONS, Connections, ProbeError, Service, within
from .desired import Desired
from .gather import Facts, free_megabytes
from .model import Usage, VolumeUse

_PATIENCE = 30.0  # seconds; the engine adds the files of every volume up
_ATTEMPT = 2.0  # seconds, for a server's numbers
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15}


def read_usage(desired: Desired, facts: Facts, docker: Docker) -> Usage:
    """Ask the engine and the servers. What can't be read is left out; never raises for it."""
    if facts.owner:
        return Usage()
    with ThreadPoolExecutor(3) as pool:
        sizes = pool.submit(_volumes, desired, facts, docker)
        connections = pool.submit(_connections, desired, facts)
        free = pool.submit(_free, facts, docker)
        return Usage(sizes.result(), connections.result(), free.result())


def _volumes(desired: Desired, facts: Facts, docker: Docker) -> dict[str, VolumeUse]:
    places = {
        name: place for name in facts.volumes if (place := volumes.parse(name, desired.stack))
    }
    if not places:
        return {}
    asked = docker.run("system", "df", "-v", "--format", "{{json .Volumes}}", timeout=_PATIENCE)
    try:
        listed = json.loads(asked.stdout) if asked.ok else []
    except ValueError:
        return {}
    sizes = {each["Name"]: size_of(str(each.get("Size", ""))) for each in listed}
    return {
        name: VolumeUse(store.partition(".")[0], size, desired.live.get(store, 0) == generation)
        for name, (store, generation) in sorted(places.items())
        if (size := sizes.get(name)) is not None
    }


def size_of(text: str) -> int | None:
    """The bytes of a size as the engine writes it: `47.07MB`; None for `N/A`, say."""
    found = re.fullmatch(r"([\d.]+)\s*([kMGTP]?B)", text)
    return round(float(found[1]) * _UNITS[found[2]]) if found else None


def _connections(desired: Desired, facts: Facts) -> dict[str, Connections]:
    secrets = desired.known_secrets
    asked = [
        service
        for service in desired.services
        if service.kind in CONNECTIONS
        and (answer := facts.answers.get(service.name))
        and answer.healthy
    ]
    if not asked:
        return {}
    with ThreadPoolExecutor(len(asked)) as pool:
        found = list(pool.map(lambda service: _of(service, secrets), asked))
    return {each.name: told for each, told in zip(asked, found, strict=True) if told}


def _of(service: Service, secrets: Mapping[str, str]) -> Connections | None:
    target = aim(service, "host", secrets)
    ask = CONNECTIONS[service.kind]
    try:
        here = choose(target, _ATTEMPT).endpoint
        return within(_ATTEMPT, ask, service, here, target.secret, _ATTEMPT)
    except (ProbeError, ImportError, ValueError):
        return None


def _free(facts: Facts, docker: Docker) -> int | None:
    """Where the engine is in a virtual machine, a container of the stack sees its disk."""
    if facts.engine.state != "ok":
        return None
    if known := free_megabytes(docker):
        return known[0] * 1_000_000
    for container in (facts.containers or {}).values():
        if container["State"]["Status"] == "running":
            asked = docker.run("exec", container["Id"], "df", "-Pk", "/", timeout=10)
            if asked.ok and (free := _available(asked.stdout.splitlines())) is not None:
                return free
    return None


def _available(rows: Sequence[str]) -> int | None:
    """The bytes of `df -Pk`'s fourth column."""
    words = rows[-1].split() if rows else []
    return int(words[3]) * 1024 if len(words) > 4 and words[3].isdigit() else None
