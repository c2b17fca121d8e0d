"""Snapshots: the data of a stack's services at one moment, each in a volume of this engine.

A snapshot is a volume `STACK_snapshot_NAME` with a directory for each service. Its manifest is
written last, so one that was cut short has none, and goes with the next run.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from threading import Event

from ..docker import CommandResult, Docker, volumes
from ..errors import GroundworkError
from ..records import Record
from . import space, steps
from .job import FILE_CAPABILITIES, Job, Mount
from .model import FORMAT, Checkpoint, Manifest, Source, Turn
from .sources import require_live
from .types import data_type

LABEL = "groundwork.snapshot"
STACK_LABEL = "groundwork.stack"
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,47}")

# Each name, then its manifest in one line of base64, or none; BusyBox' base64 knows no -w
_READ = """
for place in /snapshots/*; do
    echo "${place##*/} $(base64 <"$place/manifest.json" 2>/dev/null | tr -d '\\n')"
done
"""
# Also says how much room there is
_PREPARE = """
cd /copy; chmod 0700 .
for name; do mkdir -m 0777 -- "$name"; done
df -Pk . | tail -n 1
"""
# All that was copied is on the disk before the manifest says so. $1: the bytes on standard input,
# whose end may get lost on the way into a container
_FINISH = f"""
{steps.synced("/copy")}
head -c "$1" >/copy/manifest.json.new
{steps.synced("/copy")}
mv /copy/manifest.json.new /copy/manifest.json
{steps.synced("/copy")}
"""


@dataclass(frozen=True)
class Snapshot(Record):
    """A snapshot that is there. `services` by name, with their bytes."""

    name: str = ""
    created: str = ""
    reason: str = ""
    services: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, manifest: Manifest) -> Snapshot:
        """From its manifest."""
        sizes = {name: each.bytes for name, each in manifest.services.items()}
        return cls(manifest.name, manifest.created, manifest.reason, sizes)


@dataclass(frozen=True)
class Snapshots(Record):
    """The module's result: what was made or removed, what went by rule, and what there is."""

    name: str = ""
    removed: tuple[str, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()


def volume_of(stack: str, name: str) -> str:
    """The volume of a snapshot."""
    return f"{stack}_snapshot_{name}"


def check_name(name: str) -> None:
    """Raise GroundworkError where a snapshot can't have that name."""
    # A service called `snapshot` would have its data in such a volume
    if volumes.parse(volume_of("x", name), "x"):
        raise _refusal(f"{name!r} is the name of a volume with data.", "Give another one.")
    if not _NAME.fullmatch(name):
        raise _refusal(
            f"{name!r} is no name for a snapshot: it takes up to 48 of a-z, 0-9, - and ., and "
            "begins with a letter or a digit.",
            "Give another one, -e name=before-x say.",
        )


def check_new(name: str, there: Iterable[Manifest]) -> None:
    """Raise GroundworkError where no new one can have that name."""
    check_name(name)
    if name in {each.name for each in there}:
        raise _refusal(
            f"There is a snapshot {name!r} already.",
            f"Give another name, or remove it: -e remove={name}.",
        )


def default_name(now: datetime) -> str:
    """For who gives none: the time, in UTC."""
    return now.strftime("%Y-%m-%d-%H%M%S")


def listed(docker: Docker, stack: str, image: str, clear: bool = False) -> list[Manifest]:
    """All that are whole, the oldest first; read by a job in `image`.

    With `clear`, which is for whoever has the deploy lock, those that were cut short are removed.
    """
    found = _read(docker, stack, image)
    for name in [name for name, manifest in found.items() if manifest is None and clear]:
        docker.run("volume", "rm", volume_of(stack, name))
    return [each for each in found.values() if each is not None]


def _read(docker: Docker, stack: str, image: str) -> dict[str, Manifest | None]:
    filters = ("--filter", f"label={STACK_LABEL}={stack}", "--filter", f"label={LABEL}")
    found = docker.run("volume", "ls", "-q", *filters)
    if not found.ok:
        raise GroundworkError(
            f"The snapshots can't be listed: {found.error}",
            next_step="See that `docker volume ls` works for the user who runs this.",
        )
    start = volume_of(stack, "")
    names = sorted(v.removeprefix(start) for v in found.stdout.split() if v.startswith(start))
    if not names:
        return {}
    mounts = tuple(
        Mount(volume_of(stack, name), f"/snapshots/{name}", read_only=True) for name in names
    )
    job = Job(docker, stack, image, mounts, capabilities=("DAC_OVERRIDE",))
    result = job.run(_READ, timeout=120)
    if not result.ok:
        raise GroundworkError(
            f"The snapshots can't be read: {result.error}",
            where=f"the volumes {start}*",
            next_step="Fix what it says, then run again. Nothing was changed.",
        )
    read = dict(line.partition(" ")[::2] for line in result.stdout.splitlines())
    manifests = {name: _manifest(read.get(name, "")) for name in names}
    return dict(sorted(manifests.items(), key=lambda pair: pair[1].created if pair[1] else ""))


def _manifest(encoded: str) -> Manifest | None:
    try:
        return Manifest.from_dict(json.loads(base64.b64decode(encoded))) if encoded else None
    except ValueError:
        return None


def find(manifests: Iterable[Manifest], name: str) -> Manifest:
    """The one of that name. Raises GroundworkError."""
    known = {each.name: each for each in manifests}
    if name in known:
        if known[name].format != FORMAT:
            raise _refusal(
                f"The snapshot {name} has the format {known[name].format}; this release knows "
                f"{FORMAT}.",
                "Take a release of Groundwork that is as new as the one that made it.",
            )
        return known[name]
    there = f"There are: {', '.join(known) or 'none'}."
    if not name:
        raise _refusal("No snapshot is named.", f"Give -e snapshot=NAME. {there}")
    raise _refusal(f"There is no snapshot {name!r}.", there)


def create(sources: Sequence[Source], name: str, now: datetime, reason: str = "") -> Manifest:
    """Make one of the services' data, PostgreSQL's last. Raises GroundworkError, and leaves none.

    Then PostgreSQL may have rows without vectors, and never a vector that points at another time's
    row. `sources` run, and belong to one stack.
    """
    for source in sources:
        _check_runs(source)
    require_live(sources)
    first = sources[0]
    volume = volume_of(first.stack, name)
    job = Job(
        first.docker,
        first.stack,
        first.image,
        (Mount(volume, "/copy"),),
        capabilities=FILE_CAPABILITIES,
    )
    labels = {LABEL: name, STACK_LABEL: first.stack}
    named = [part for pair in labels.items() for part in ("--label", "=".join(pair))]
    _expect(first.docker.run("volume", "create", *named, volume), "can't be made", volume)
    try:
        with ThreadPoolExecutor(len(sources)) as pool, job.waiting() as work:
            sizes = pool.map(lambda each: data_type(each.service).bytes_needed(each), sources)
            prepared = work(_PREPARE, *(each.service.name for each in sources), timeout=120)
            _expect(prepared, "can't be written", volume)
            space.judge(prepared, sum(sizes), "a snapshot")
            parts = _checkpoints(sources, volume, pool.submit)
            manifest = Manifest(FORMAT, first.stack, name, _time(now), reason, parts)
            text = json.dumps(manifest.to_dict(), indent=1)
            size = str(len(text.encode()))
            _expect(work(_FINISH, size, stdin=text), "can't be written", volume)
            return manifest
    except BaseException:
        first.docker.run("volume", "rm", "--force", volume)
        raise


def _checkpoints(
    sources: Sequence[Source], volume: str, later: Callable[[Callable[[], None]], object]
) -> dict[str, Checkpoint]:
    """All at the same time, but that PostgreSQL's moment comes when the others' have passed.

    `later` tidies up meanwhile."""

    def copied(source: Source, turn: Turn) -> Checkpoint:
        return data_type(source.service).checkpoint(source, volume, source.service.name, turn)

    def after_the_others() -> None:
        for name, copy in others.items():
            passed[name].wait()
            if copy.done():
                copy.result()

    passed = {each.service.name: Event() for each in sources if each.service.kind != "postgres"}
    with ThreadPoolExecutor(len(sources)) as pool:
        others = {
            each.service.name: pool.submit(copied, each, Turn(over=passed[each.service.name].set))
            for each in sources
            if each.service.name in passed
        }
        for name, copy in others.items():  # also one that fails before
            copy.add_done_callback(partial(_set, passed[name]))
        last = {
            each.service.name: pool.submit(copied, each, Turn(after_the_others, later=later))
            for each in sources
            if each.service.name not in passed
        }
        return {name: each.result() for name, each in (others | last).items()}


def _set(event: Event, done: Future[Checkpoint]) -> None:
    event.set()


def remove(docker: Docker, stack: str, name: str) -> None:
    """Remove one. Raises GroundworkError."""
    _expect(docker.run("volume", "rm", volume_of(stack, name)), "can't be removed", name)


def superfluous(
    manifests: Sequence[Manifest],
    keep: int,
    migrations: Collection[str] = (),
    needed: Collection[str] = (),
) -> list[Manifest]:
    """Those that go by rule: all but the newest `keep`, and of those that `migrations` made, which
    don't count, all but the `needed`. Pure."""
    counted = sorted((m for m in manifests if m.name not in migrations), key=lambda m: m.created)
    over = [m for m in manifests if m.name in migrations and m.name not in needed]
    return [*over, *counted[: max(0, len(counted) - keep)]]


def _time(now: datetime) -> str:
    return now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check_runs(source: Source) -> None:
    if not source.container:
        raise GroundworkError(
            f"{source.service.name} doesn't run, so its data can't be copied.",
            where=f"stack_services.{source.service.name}",
            next_step="Bring the stack up first (playbooks/dev.yml, or playbooks/staging.yml on a "
            "shared machine), then run again. Nothing was changed.",
        )


def _expect(result: CommandResult, what: str, where: str) -> None:
    if not result.ok:
        raise GroundworkError(
            f"The snapshot {what}: {result.error}",
            where=where,
            next_step="Fix what it says, then run again. The stack's own data are as they were.",
        )


def _refusal(what: str, next_step: str) -> GroundworkError:
    return GroundworkError(what, where="playbooks/snapshot.yml", next_step=next_step)
