"""A snapshot put back: new volumes are filled and proven, and one file says that they count.

Until that file (`infra/volumes.json`) is renamed, the service's own data are untouched and live;
from then on the next run of any playbook finishes what is left, which is its container.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from .. import files
from ..docker import Docker, volumes
from ..errors import GroundworkError
from ..records import Record
from ..services import service_type
from . import space
from .model import Checkpoint, Manifest, Source
from .snapshots import volume_of
from .types import data_type


@dataclass(frozen=True)
class Switch(Record):
    """A service whose live volumes are others now; `before` and `after` by store, generations."""

    service: str = ""
    before: Mapping[str, int] = field(default_factory=dict)
    after: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Restored(Record):
    """The module's result; see data_restore."""

    name: str = ""
    services: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    backup: str = ""


JOURNAL = ".filling"  # the volumes that are being filled; beside volumes.json
Fill = Callable[[Source, Mapping[str, str]], None]


def choose(
    manifest: Manifest,
    sources: Sequence[Source],
    asked: Sequence[str],
    what: str = "snapshot",
    dumps: Collection[str] = (),
) -> list[Source]:
    """The services that are put back: those `asked`, or all that the snapshot has. Pure.

    `what` it is, and the kinds whose data any storage format can take from it.

    Raises GroundworkError where one of them isn't in both, or its data wouldn't fit.
    """
    known = {source.service.name: source for source in sources}
    copy = f"{what} {manifest.name}"
    for name in asked:
        if name not in manifest.services:
            there = ", ".join(manifest.services)
            raise _refusal(f"The {copy} has no data of {name!r}.", f"It has: {there}.")
    wanted = asked or list(manifest.services)
    for name in wanted:
        if name not in known:
            raise _refusal(
                f"The {copy} has data of {name}, which stack_services doesn't.",
                f"Put {name} back into stack_services, or name the services: -e service=…",
            )
        _check_fits(manifest.services[name], known[name], copy, dumps)
    return [known[name] for name in wanted]


def _check_fits(saved: Checkpoint, source: Source, copy: str, dumps: Collection[str]) -> None:
    service = source.service
    if saved.kind != service.kind:
        raise _refusal(
            f"{service.name} was of the kind {saved.kind} when the {copy} was made, and "
            f"is {service.kind} now.",
            "Correct its kind in stack_services.",
        )
    one = service_type(service).one_storage_format or saved.kind in dumps
    if not one and saved.storage_format != source.storage_format:
        raise _refusal(
            f"The data of {service.name} in the {copy} are {saved.storage_format}; the "
            f"image {source.image} has {source.storage_format}, which can't read them.",
            f"Name the image that made them in stack_services ({saved.image}), run "
            "playbooks/dev.yml, and then this again.",
        )


def from_snapshot(manifest: Manifest) -> Fill:
    """Fills the new volumes of a service from a snapshot of its stack."""

    def fill(source: Source, fresh: Mapping[str, str]) -> None:
        name = source.service.name
        place = volume_of(source.stack, manifest.name)
        data_type(source.service).fill(source, manifest.services[name], place, name, fresh)

    return fill


def put_back(
    docker: Docker, stack_dir: Path, sources: Sequence[Source], needed: int, fill: Fill
) -> list[Switch]:
    """Fill and prove new volumes of all `sources` at the same time, then switch to them at once.

    `needed` are the bytes that they take. Raises GroundworkError: then the new volumes are gone,
    and nothing has changed. The services' containers have yet to be made anew.
    """
    first = sources[0]
    live = volumes.read(stack_dir)
    stores = [store for source in sources for store in source.volumes]
    added = volumes.next_generations(docker, first.stack, stores)
    fresh = {
        source.service.name: {store: added[store] for store in source.volumes} for source in sources
    }
    names = {
        service: {store: volumes.name_of(first.stack, store, g) for store, g in each.items()}
        for service, each in fresh.items()
    }
    made = [name for each in names.values() for name in each.values()]
    # From now on a file that is lost is told from one that was never there
    known = volumes.before(stack_dir)
    volumes.write(stack_dir, live, known)
    files.write(stack_dir / JOURNAL, "".join(f"{name}\n" for name in made), 0o644)
    try:
        with ThreadPoolExecutor(len(sources)) as pool:
            list(pool.map(lambda each: _create(each, fresh[each.service.name]), sources))
            space.check(first, next(iter(names[first.service.name].values())), needed)
            list(pool.map(lambda each: fill(each, names[each.service.name]), sources))
        former = {store: live.get(store, 0) for store in added}
        volumes.write(stack_dir, {**live, **added}, {**known, **former})
    except BaseException:
        # The file alone says whether they count: an interruption may come right after its rename
        clear(docker, first.stack, stack_dir)
        raise
    (stack_dir / JOURNAL).unlink()
    return [
        Switch(name, {store: live.get(store, 0) for store in each}, each)
        for name, each in fresh.items()
    ]


def _create(source: Source, generations: Mapping[str, int]) -> None:
    for store, generation in generations.items():
        volumes.create(source.docker, source.stack, store, generation, source.storage_format)


def clear(docker: Docker, stack: str, stack_dir: Path) -> list[str]:
    """Remove the volumes that were filled when it was cut short; their names.

    For whoever has the deploy lock, after `jobs.clear`.
    """
    begun = (files.read(stack_dir / JOURNAL) or "").split()
    live = volumes.read(stack_dir)
    counting = {volumes.name_of(stack, store, each) for store, each in live.items()}
    # None counts, or all do
    left = [] if counting & {*begun} else begun
    if left:
        docker.run("volume", "rm", "--force", *left)
    (stack_dir / JOURNAL).unlink(missing_ok=True)
    return left


def _refusal(what: str, next_step: str) -> GroundworkError:
    return GroundworkError(
        what, where="playbooks/restore.yml", next_step=f"{next_step} Nothing was changed."
    )
