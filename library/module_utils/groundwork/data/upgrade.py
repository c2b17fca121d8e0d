"""A PostgreSQL moved to another major version or storage format, with its former volume kept.

The service's container is stopped, and a server of the image that it had runs alone on its volume,
without a network: so nobody writes meanwhile, and nothing of the data says that there was a move.
The new image's programs dump it, and restore that into a new volume, which is proven; one file says
that it counts. Until then all is as it was: a container that is stopped, which the next run of any
playbook starts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..docker import Docker, engine, jobs, volumes
from ..records import Record
from . import postgres, postgres_dump, restore
from . import postgres_scripts as scripts
from .job import FILE_CAPABILITIES, Job, Mount
from .model import Checkpoint, Source
from .upgrade_checks import Move, check_extensions, check_whole, refusal, volume_of

_PATH = "dump"
_AUTO = "postgresql.auto.conf"  # what ALTER SYSTEM wrote
_AVAILABLE = "SELECT name FROM pg_available_extensions;"
_CARRY = f"""
cp /old/{_AUTO} /new/{_AUTO}
chown postgres:postgres /new/{_AUTO}
chmod 0600 /new/{_AUTO}
sync
"""
# What it can't take, it says
_READ_SETTINGS = f"postgres -D {scripts.DATA} -C data_directory"


@dataclass(frozen=True)
class Upgraded(Record):
    """The module's result; see data_upgrade. `volume` is live now, `former` was and is kept;
    without them, nothing had to be done."""

    move: Move = field(default_factory=Move)
    volume: str = ""
    former: str = ""


def upgrade(stack_dir: Path, source: Source, move: Move) -> Upgraded:
    """Move a service's data; its container has yet to be made anew.

    For whoever has the deploy lock. Raises GroundworkError: then the container runs as before.
    """
    docker, volume = source.docker, volume_of(source)
    container = _container(source)
    source = replace(source, container=container["Id"])
    if container["State"]["Status"] != "running":  # a run that was cut short stopped it
        _start(docker, container["Id"])
    needed = postgres.TYPE.bytes_needed(source)
    there = postgres.contents_of(source, source.container)
    check_whole(source, there)
    target = replace(source, image=move.image, storage_format=move.storage_format, container="")
    first = Checkpoint(facts={"bootstrap": there.owner})
    with postgres_dump.new_server(target, first, "") as server:
        available = postgres.ask(target, server, _AVAILABLE).split()
    check_extensions(source.service.name, there.extensions, available)
    live = volumes.read(stack_dir)

    def fill(target: Source, fresh: Mapping[str, str]) -> None:
        with _old_server(source, container["Image"]) as alone, _work(source) as place:
            old = replace(source, container=alone)
            saved = postgres_dump.dump(old, place, _PATH, move.image)
            # With the roles' passwords, as they are today
            with postgres_dump.restored(target, saved, place, _PATH, fresh[source.service.name]):
                pass
        _carry_settings(target, volume, fresh[source.service.name])
        postgres.check_end(target, fresh[source.service.name])

    with stopped(docker, container["Id"], lambda: volumes.read(stack_dir) == live):
        switched = restore.put_back(docker, stack_dir, [target], 2 * needed, fill)
    after = next(iter(switched[0].after.values()))
    return Upgraded(move, volumes.name_of(source.stack, source.service.name, after), volume)


@contextmanager
def stopped(docker: Docker, container: str, unchanged: Callable[[], bool]) -> Iterator[None]:
    """The service's container, started again where something goes wrong before the switch."""
    done = docker.run("stop", container, timeout=3600)
    try:
        if not done.ok:
            raise refusal(f"The container can't be stopped: {done.error}", "Run again.")
        yield
    except BaseException:
        if unchanged():
            _start(docker, container)
        raise


def _start(docker: Docker, container: str) -> None:
    docker.run("start", container, timeout=120)
    for _ in range(2400):
        if docker.run("exec", container, "pg_isready", "-q", "-h", "127.0.0.1").ok:
            return
        if docker.run("inspect", "-f", "{{.State.Status}}", container).stdout.strip() != "running":
            return
        time.sleep(0.25)


@contextmanager
def _old_server(source: Source, image: str) -> Iterator[str]:
    """A server alone on the live volume, as the container that is stopped had it."""
    job = Job(
        source.docker,
        source.stack,
        image,
        (Mount(volume_of(source), scripts.DATA),),
        user="postgres",
        tmpfs=scripts.SERVERS,
        environment=scripts.WORDS,
    )
    settings = postgres_dump.settings(source.service, safe=True)
    with job.waiting() as work, postgres.serving(source, work, settings, "volume"):
        yield work.container


@contextmanager
def _work(source: Source) -> Iterator[str]:
    """A volume for the dump; it goes afterwards, or with the next run's leftovers."""
    docker, volume = source.docker, f"{source.stack}_upgrade"
    made = docker.run("volume", "create", "--label", f"{jobs.LABEL}={source.stack}", volume)
    try:
        job = Job(docker, source.stack, source.image, (Mount(volume, "/copy"),))
        made = job.run('chmod 0700 /copy; mkdir -m 0777 "/copy/$1"', _PATH) if made.ok else made
        if not made.ok:
            raise refusal(f"The volume {volume} can't be made: {made.error}", "Run again.")
        yield volume
    finally:
        docker.run("volume", "rm", "--force", volume)


def _carry_settings(target: Source, old: str, new: str) -> None:
    """What people set by ALTER SYSTEM; the rest is the inventory's."""
    job = Job(
        target.docker,
        target.stack,
        target.image,
        (Mount(old, "/old", read_only=True), Mount(new, "/new")),
        capabilities=FILE_CAPABILITIES,
    )
    done = job.run(_CARRY)
    if done.ok:
        reading = Job(
            target.docker, target.stack, target.image, (Mount(new, scripts.DATA),), user="postgres"
        )
        done = reading.run(_READ_SETTINGS)
    if not done.ok:
        raise refusal(
            f"The new version doesn't take what ALTER SYSTEM set in {target.service.name}.",
            "ALTER SYSTEM RESET what it names, or all; then run again.",
            done.stderr.strip().splitlines()[-5:],
        )


def _container(source: Source) -> Mapping[str, Any]:
    found = engine.by_service(engine.listed(source.docker, source.stack)).get(source.service.name)
    if found is None:
        raise refusal(
            f"{source.service.name} has no container, by which the image of its data is known.",
            "Put the image from before into stack_services and bring the stack up; then name the "
            "new one and run again.",
        )
    return found
