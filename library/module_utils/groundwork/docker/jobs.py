"""What throw-away containers that worked on a stack's data left, where their run was killed."""

from __future__ import annotations

from .cli import Docker

LABEL = "groundwork.job"  # of containers and volumes; its value is the stack
STOPPED = "groundwork.stopped"  # the service's container that is stopped while a job is there


def left(docker: Docker, stack: str) -> list[str]:
    """The ids of a stack's jobs; for whoever has the deploy lock, what killed runs left of them."""
    found = docker.run("ps", "-aq", "--no-trunc", "--filter", f"label={LABEL}={stack}")
    return found.stdout.split() if found.ok else []


def places(docker: Docker, stack: str) -> list[str]:
    """The volumes that a stack's jobs work in, by name; see `left`."""
    found = docker.run("volume", "ls", "-q", "--filter", f"label={LABEL}={stack}")
    return found.stdout.split() if found.ok else []


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
        docker.run("stop", "--time", "60", *containers, timeout=120)
        docker.run("rm", "--force", "--volumes", *containers, timeout=120)
        for container in filter(None, known):  # one that is gone was made anew meanwhile
            docker.run("start", container, timeout=120)
    work = places(docker, stack)
    if work:
        docker.run("volume", "rm", "--force", *work, timeout=120)
    return len(containers) + len(work)
