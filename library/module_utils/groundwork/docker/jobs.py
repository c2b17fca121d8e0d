"""What throw-away containers that worked on a stack's data left, where their run was killed."""

from __future__ import annotations

import os
import time
from urllib.parse import quote, unquote

from .cli import CommandResult, Docker

LABEL = "groundwork.job"  # of containers and volumes; its value is the stack
STOPPED = "groundwork.stopped"  # the service's container that is stopped while a job is there
NOTE = "groundwork.note"  # of an empty volume: what its writer clears itself, and `clear` doesn't
_PAUSE = 0.2  # seconds
_PATIENCE = 600.0  # seconds; a copy that nobody waits for any more goes on to its end


def left(docker: Docker, stack: str) -> list[str]:
    """The ids of a stack's jobs; for whoever has the deploy lock, what killed runs left of them."""
    found = docker.run("ps", "-aq", "--no-trunc", "--filter", f"label={LABEL}={stack}")
    return found.stdout.split() if found.ok else []


def places(docker: Docker, stack: str) -> list[str]:
    """The volumes that a stack's jobs work in, by name; see `left`."""
    found = docker.run("volume", "ls", "-q", "--filter", f"label={LABEL}={stack}")
    return found.stdout.split() if found.ok else []


def finished(docker: Docker, container: str, seconds: float) -> bool:
    """Wait until a job that works beside a service's processes has none but its first one.

    One that is killed together with its parent becomes the child of the service's first process,
    and PostgreSQL takes its end for a crash: it restarts, and everybody is disconnected.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = docker.run("top", container, "-o", "pid", timeout=30)
        if not found.ok or len(found.stdout.splitlines()) <= 2:  # a heading, and one
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE)


def clear(docker: Docker, stack: str) -> int:
    """Stop and remove them, and their volumes; how many there were. What was stopped for them is
    started again.

    For whoever has the deploy lock: nobody else's work for this stack goes on then. A server among
    them may have a service's volume, so this comes before that service starts.
    """
    containers = left(docker, stack)
    if containers:
        found = docker.inspect("container", containers).values()
        known = [(each["Config"].get("Labels") or {}).get(STOPPED) for each in found]
        for each in found:
            if (each.get("HostConfig") or {}).get("PidMode"):
                finished(docker, each["Id"], _PATIENCE)
        docker.run("stop", "--time", "60", *containers, timeout=120)
        docker.run("rm", "--force", "--volumes", *containers, timeout=120)
        for container in filter(None, known):  # one that is gone was made anew meanwhile
            docker.run("start", container, timeout=120)
    work = places(docker, stack)
    if work:
        kept = notes(docker, stack)
        work = [each for each in work if each not in kept]
    if work:
        docker.run("volume", "rm", "--force", *work, timeout=120)
    return len(containers) + len(work)


def write_note(docker: Docker, stack: str, text: str) -> CommandResult:
    """Note what a run that is killed leaves outside of the engine; what it says is a volume."""
    labels = ("--label", f"{LABEL}={stack}", "--label", f"{NOTE}={quote(text)}")
    return docker.run("volume", "create", *labels, f"{stack}-note-{os.urandom(4).hex()}")


def notes(docker: Docker, stack: str) -> dict[str, str]:
    """The notes that are there by their volumes, for whoever has the deploy lock."""
    form = f'{{{{.Name}}}}|{{{{.Label "{NOTE}"}}}}'
    filters = ("--filter", f"label={LABEL}={stack}")
    found = docker.run("volume", "ls", *filters, "--format", form)
    rows = [line.partition("|") for line in found.stdout.splitlines()] if found.ok else []
    return {name: unquote(text) for name, _, text in rows if text}
