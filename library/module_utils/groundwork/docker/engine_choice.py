"""Which engine a person has chosen, and by what: as the docker command finds it, without asking it.

That choice counts, so where it leads nowhere it is named. Another engine is not started, installed
or used in its place.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Where this machine's own engine listens
_OWN = ("unix:///var/run/docker.sock", "unix:///run/docker.sock")


@dataclass(frozen=True)
class Choice:
    """`by`: DOCKER_HOST, DOCKER_CONTEXT or the file with the current context.

    `context` is a context's name where one was chosen, `address` where that or DOCKER_HOST leads;
    a context that isn't there has none.
    """

    by: str
    context: str = ""
    address: str = ""

    def __str__(self) -> str:
        """As a person would find it: `DOCKER_HOST=tcp://10.0.0.1:2375`."""
        if not self.context:
            return f"{self.by}={self.address}"
        chosen = f"{self.by}: " if "/" in self.by else f"{self.by}="
        return f"{chosen}{self.context} ({self.address or 'no such context'})"

    def next_step(self) -> str:
        """What to do where no engine answers there."""
        back = {
            "DOCKER_HOST": "`unset DOCKER_HOST`",
            "DOCKER_CONTEXT": "`unset DOCKER_CONTEXT`",
        }.get(self.by, "`docker context use default`")
        if self.context and not self.address:
            return f"Choose one of `docker context ls`, or this machine's own engine: {back}."
        start = {
            "ssh": "See that `ssh` gets there without a question, and that docker runs there",
            "unix": "Start that engine (Docker Desktop, `colima start`) as the user whose it is",
        }.get(self.address.partition("://")[0], "Start that engine, or fix the way there")
        return f"{start}; or use this machine's own: {back}."


def chosen() -> Choice | None:
    """The choice of another engine than this machine's own; None where nobody made one."""
    if host := os.environ.get("DOCKER_HOST"):
        found = Choice("DOCKER_HOST", address=host)
    else:
        directory = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
        file = directory / "config.json"
        by, name = "DOCKER_CONTEXT", os.environ.get("DOCKER_CONTEXT", "")
        if not name:
            by, name = str(file), str(_json(file).get("currentContext") or "")
        if name in ("", "default"):
            return None
        found = Choice(by, name, _address(directory, name))
    return None if found.address in _OWN else found


def _address(directory: Path, context: str) -> str:
    digest = hashlib.sha256(context.encode()).hexdigest()
    meta = _json(directory / "contexts" / "meta" / digest / "meta.json")
    endpoint = (meta.get("Endpoints") or {}).get("docker") or {}
    return str(endpoint.get("Host") or "")


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # the docker command has its own words for it
    return found if isinstance(found, dict) else {}
