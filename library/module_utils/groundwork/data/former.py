"""The volumes that were live before a restore or an upgrade: kept, gone back to, or removed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from ..docker import Docker, volumes
from ..errors import GroundworkError
from .model import Source


def go_back(
    docker: Docker,
    stack_dir: Path,
    sources: Sequence[Source],
    images: Mapping[str, Mapping[str, str]],
    check: bool = False,
) -> dict[str, int]:
    """Make the generation from before the live one live again; the new ones by store.

    The volumes that are live now stay, and `go_back` doesn't find them again. `images`: those that
    the services are to run in, with their storage formats. Raises GroundworkError where a service
    has none before, or its image couldn't read that.
    """
    known = volumes.before(stack_dir)
    there, live = volumes.generations(docker, sources[0].stack), volumes.read(stack_dir)
    before: dict[str, int] = {}
    for source in sources:
        for store in source.volumes:
            older = [each for each in there.get(store, []) if each < live.get(store, 0)]
            older = [known[store]] if known.get(store) in older else older
            if not older:
                raise GroundworkError(
                    f"{source.service.name} has no volume from before to go back to.",
                    where="playbooks/restore.yml",
                    next_step="See which snapshots there are: playbooks/snapshot.yml -e list=true. "
                    "Nothing was changed.",
                )
            before[store] = older[-1]
            volume = volumes.name_of(source.stack, store, older[-1])
            _check_readable(docker, source, volume, images.get(source.service.name, {}))
    if not check:
        left = {store: each for store, each in known.items() if store not in before}
        volumes.write(stack_dir, {**live, **before}, left)
    return before


def _check_readable(docker: Docker, source: Source, volume: str, image: Mapping[str, str]) -> None:
    found = docker.inspect("volume", [volume]).get(volume, {})
    made_by = (found.get("Labels") or {}).get(volumes.FORMAT_LABEL, "")
    has = image.get("storage_format", "")
    if not made_by or not has or has == made_by:
        return
    name = source.service.name
    raise GroundworkError(
        f"The data from before of {name} are {made_by}; the image {image['reference']} is {has}, "
        "which can't read them.",
        where=f"stack_services.{name}.image",
        next_step=f"Put the image from before ({made_by}) back there, then run again. Nothing was "
        "changed.",
    )


def others(
    docker: Docker, stack: str, stack_dir: Path, stores: Collection[str]
) -> dict[str, list[int]]:
    """The generations of these stores that aren't live, by store."""
    live = volumes.read(stack_dir)
    return {
        store: [each for each in found if each != live.get(store, 0)]
        for store, found in volumes.generations(docker, stack).items()
        if store in stores
    }


def remove(docker: Docker, stack: str, former: Mapping[str, Sequence[int]]) -> list[str]:
    """Remove volumes; their names. Raises GroundworkError where the engine refuses."""
    names = [volumes.name_of(stack, store, each) for store in former for each in former[store]]
    if names and not (done := docker.run("volume", "rm", *names)).ok:
        raise GroundworkError(
            f"The former volumes can't be removed: {done.error}",
            where=", ".join(names),
            next_step="See which container uses them: `docker ps --all --filter volume=NAME`.",
        )
    return names


def expired(
    docker: Docker, stack: str, former: Mapping[str, Sequence[int]], now: datetime, days: int
) -> dict[str, list[int]]:
    """Those whose successor was made more than `days` ago."""
    names = {
        volumes.name_of(stack, store, each): (store, each)
        for store, found in volumes.generations(docker, stack).items()
        for each in found
    }
    made = {
        names[name]: datetime.fromisoformat(item["CreatedAt"].replace("Z", "+00:00"))
        for name, item in docker.inspect("volume", list(names)).items()
    }
    old: dict[str, list[int]] = {}
    for store, found in former.items():
        for generation in found:
            later = [at for (s, g), at in made.items() if s == store and g > generation]
            if later and now - min(later) > timedelta(days=days):
                old.setdefault(store, []).append(generation)
    return old
