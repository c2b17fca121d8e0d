"""Copies of a running stack's data, made and put back into new volumes by the core itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from ansible.module_utils.groundwork.data import Checkpoint, Job, Mount, Source, sources
from ansible.module_utils.groundwork.data.types import data_type
from ansible.module_utils.groundwork.docker import Docker

from .stack import Stack, docker, slot_name

DOCKER = Docker()
COPY = slot_name("groundwork-stores-copy")
NEW = slot_name("groundwork-stores-new")
SERVER = slot_name("groundwork-stores-server")


def source(stack: Stack, name: str) -> Source:
    found = sources(DOCKER, stack.project, stack.services, stack.infra)
    return next(each for each in found if each.service.name == name)


@contextmanager
def volumes(*names: str) -> Iterator[None]:
    try:
        for name in names:
            docker("volume", "create", name)
        yield
    finally:
        DOCKER.run("volume", "rm", "--force", *names)


@contextmanager
def places(stack: Stack) -> Iterator[None]:
    """A copy's place and a new volume; what jobs leave is an error."""
    with volumes(COPY, NEW):
        yield
        label = f"label=groundwork.job={stack.project}"
        assert docker("ps", "-aq", "--filter", label) == ""


def shell(one: Source, script: str, volume: str = COPY, read_only: bool = False) -> str:
    """Run a script with a volume at /copy, as root."""
    mount = Mount(volume, "/copy", read_only=read_only)
    done = Job(
        DOCKER,
        one.stack,
        one.image,
        (mount,),
        capabilities=("DAC_OVERRIDE", "CHOWN", "FOWNER", "FSETID"),
    ).run(script)
    assert done.ok, done.stderr
    return done.stdout


def checkpoint(one: Source) -> Checkpoint:
    name = one.service.name
    shell(one, f"chmod 0700 /copy; rm -rf /copy/{name}; mkdir -m 0777 /copy/{name}")
    return data_type(one.service).checkpoint(one, COPY, name)


def fill(one: Source, saved: Checkpoint) -> None:
    through = Checkpoint.from_dict(json.loads(json.dumps(saved.to_dict())))
    name = one.service.name
    data_type(one.service).fill(one, through, COPY, name, {name: NEW})
