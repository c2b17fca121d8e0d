"""The data of any other service: its volumes' files, copied while its container is stopped.

The service's own image may have no shell, so its files are copied in `Source.helper`, an image of
the stack that surely has one; in its own where the stack has no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ..docker import CommandResult
from ..errors import GroundworkError
from ..services import container as described
from . import steps
from .job import FILE_CAPABILITIES, Job, Mount
from .model import AT_ONCE, Checkpoint, Source, Turn

_NO_SHELL = (126, 127)  # of `docker run`, where the program can't be started
_CAPABILITIES = (*FILE_CAPABILITIES, "FSETID")  # which keeps a directory's group for new files

# $1: a directory. One sum over its files: paths, kinds, owners, modes, sizes, contents and the
# places that links lead to, in words that GNU's and BusyBox' programs share.
_LISTING = """
listing() {
  rm -f /tmp/whole
  ( cd -- "$1" && export LC_ALL=C \
    && find . -exec stat -c '%a %u %g %n' {} + \
    && find . ! -type d -exec stat -c '%s %n' {} + \
    && for kind in f d l p s; do find . -type "$kind" -exec printf "$kind %s\\n" {} +; done \
    && find . -type f -exec sha256sum {} + \
    && find . -type l -exec readlink {} \\; \
    && : >/tmp/whole
  ) | LC_ALL=C sort | sha256sum | cut -d' ' -f1
  [ -f /tmp/whole ]
}
"""
# $1: the service's directory; then its stores
_COPY = """
cd -- "/copy/$1"; shift
for store; do
  mkdir -- "$store"
  cp -a "/live/$store/." "$store/"
done
"""
_SUM = f"""
{_LISTING}
cd -- "/copy/$1"; shift
for store; do listing "$store"; done
du -sk .
"""
# $1: the service's directory; then a store and its sum, for each
_FILL = f"""
{steps.IS_EMPTY}
{_LISTING}
from="/copy/$1"; shift
while [ "$#" -gt 0 ]; do
  [ -d "$from/$1" ] || exit {steps.NO_COPY}
  is_empty "/new/$1"
  cp -a "$from/$1/." "/new/$1/"
  sync
  [ "$(listing "/new/$1")" = "$2" ] || exit {steps.BROKEN}
  shift 2
done
"""


@dataclass(frozen=True)
class ContainerData:
    """What a container's data are copied and put back by (see `model.DataType`).

    It is down meanwhile, since only its own program knows when its files are whole; and nothing
    starts on the new volumes: their files are compared.
    """

    def bytes_needed(self, source: Source) -> int:
        """What is in its volumes."""
        if not source.volumes:
            return 0
        done = _job(source, *_live(source)).run("du -sk /live")
        _expect(source, done, "can't be read")
        return steps.kilobytes(done)

    def checkpoint(self, source: Source, place: str, path: str, turn: Turn = AT_ONCE) -> Checkpoint:
        """Stop it, copy, start it again, whatever happens. That it is healthy is the caller's."""
        turn.wait()
        sums: dict[str, str] = {}
        size = 0
        if source.volumes:
            steps.require_volumes(source, place, *source.volumes.values())
            stores = tuple(source.volumes)
            kept = Mount(place, "/copy")
            job = _job(source, *_live(source), kept)
            _expect(source, job.run("true"), "can't be copied")  # before it is stopped
            with replace(job, stopped=source.container).waiting() as work, _stopped(source):
                turn.over()
                copied = work(_COPY, path, *stores)
            _expect(source, copied, "can't be copied")
            done = _job(source, kept).run(_SUM, path, *stores)
            _expect(source, done, "can't be copied")
            sums = dict(zip(stores, done.stdout.split(), strict=False))
            size = steps.kilobytes(done)
        return Checkpoint(
            kind=source.service.kind,
            image=source.image,
            storage_format=source.storage_format,
            details={"listings": sums},
            bytes=size,
        )

    def fill(
        self, source: Source, saved: Checkpoint, place: str, path: str, volumes: Mapping[str, str]
    ) -> None:
        """Copy the files of each store that is in both, and compare them."""
        sums = saved.details.get("listings", {})
        for store in volumes:
            if store not in sums:
                raise GroundworkError(
                    f"The copy of {source.service.name} has no volume {store}.",
                    where=source.stack,
                    next_step=f"{steps.UNTOUCHED}It has: {', '.join(sums) or 'none'}. See the "
                    "entry's `volumes`, or choose another copy.",
                )
        if not volumes:
            return
        steps.require_volumes(source, place, *volumes.values())
        new = [Mount(volume, f"/new/{store}") for store, volume in volumes.items()]
        job = _job(source, Mount(place, "/copy", read_only=True), *new)
        done = job.run(_FILL, path, *(part for store in volumes for part in (store, sums[store])))
        if done.code in _NO_SHELL:
            _expect(source, done, "can't be put back")
        if not done.ok:
            raise steps.not_filled(source, done)


def _live(source: Source) -> tuple[Mount, ...]:
    volumes = source.volumes.items()
    return tuple(Mount(volume, f"/live/{store}", read_only=True) for store, volume in volumes)


def _job(source: Source, *mounts: Mount) -> Job:
    image = source.helper or source.image
    return Job(source.docker, source.stack, image, mounts, capabilities=_CAPABILITIES)


def _expect(source: Source, done: CommandResult, what: str) -> None:
    if done.ok:
        return
    name = source.service.name
    if done.code in _NO_SHELL and not source.helper:
        raise steps.failed(
            f"{name}'s data {what}: {source.image} has no shell, and the stack has no other image.",
            source,
            done,
            f"Stop {name} and copy its volume by hand, or give the stack one of PostgreSQL, "
            "Qdrant and Redis, whose image can copy.",
        )
    raise steps.failed(f"{name}'s data {what}.", source, done, "See what it says, then run again.")


@contextmanager
def _stopped(source: Source) -> Iterator[None]:
    """Meanwhile its container is stopped; one that wasn't running stays so."""
    if not source.container:
        yield
        return
    name, seconds = source.service.name, described.details(source.service).stop_seconds
    try:
        stopped = source.docker.run("stop", source.container, timeout=seconds + 60)
        if not stopped.ok:
            raise steps.failed(f"{name} doesn't stop.", source, stopped, "Run again.")
        yield
    finally:
        started = source.docker.run("start", source.container, timeout=120)
    if not started.ok:
        raise steps.failed(
            f"{name} was stopped for its copy, and doesn't start again.",
            source,
            started,
            "Bring the stack up (playbooks/dev.yml, or playbooks/staging.yml on a shared machine).",
        )


TYPE = ContainerData()
