"""Which volume of a store is live, and a stack's volumes by name.

A store (see `ServiceType.stores`) has its data in `STACK_STORE_data`, generation 0, until somebody
fills another volume, `STACK_STORE_data.1`, and says in `infra/volumes.json` that this one counts.
That file is replaced whole, so each moment knows one live volume for each store; it tells only
generations above 0, and where there is none, all are 0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .. import files
from ..errors import GroundworkError
from . import engine
from .cli import Docker
from .ownership import DIRECTORY_LABEL, USER_LABEL, marker_of

FILE = "volumes.json"  # in the stack's directory
FORMAT = 1
FORMAT_LABEL = "groundwork.flavour"  # the storage format of what is inside
GENERATION_LABEL = "groundwork.generation"
SNAPSHOT_LABEL = "groundwork.snapshot"  # of a volume that holds a copy, and no store's data
_COMPOSE_VOLUME = "com.docker.compose.volume"
_STORE = r"[a-z0-9-]+(?:\.[a-z0-9-]+)?"


def name_of(stack: str, store: str, generation: int = 0) -> str:
    """The volume of a store at a generation."""
    return f"{stack}_{store}_data" + (f".{generation}" if generation else "")


def parse(volume: str, stack: str) -> tuple[str, int] | None:
    """The store and the generation that a volume is by its name; None for any other volume."""
    match = re.fullmatch(rf"{re.escape(stack)}_({_STORE})_data(?:\.([1-9][0-9]*))?", volume)
    return (match[1], int(match[2] or 0)) if match else None


def read(stack_dir: Path) -> dict[str, int]:
    """The live generations by store, as the file names them; a store that it doesn't name has 0.

    Raises GroundworkError where it can't be understood: a guess would show other data.
    """
    return {store: each for store, each in _read(stack_dir, "volumes").items() if each}


def before(stack_dir: Path) -> dict[str, int]:
    """The generations that were live before those that are, by store, where they are known.

    Raises GroundworkError.
    """
    return _read(stack_dir, "before")


def _read(stack_dir: Path, key: str) -> dict[str, int]:
    text = files.read(stack_dir / FILE)
    return {} if text is None else _parse(text, stack_dir / FILE)[key]


def _parse(text: str, path: Path) -> dict[str, dict[str, int]]:
    try:
        found = json.loads(text)
    except ValueError:
        raise _damaged(path, "it isn't JSON") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise _damaged(path, f"it isn't of format {FORMAT}")
    live, former = found.get("volumes"), found.get("before", {})
    if not isinstance(live, dict) or not isinstance(former, dict):
        raise _damaged(path, "it has no `volumes`")
    for store, generation in (*live.items(), *former.items()):
        whole = isinstance(generation, int) and not isinstance(generation, bool)
        if not re.fullmatch(_STORE, store) or not whole or generation < 0:
            raise _damaged(path, f"{store}: {json.dumps(generation)} names no volume")
    return {"volumes": live, "before": former}


def _damaged(path: Path, why: str) -> GroundworkError:
    return GroundworkError(
        f"{path} says which volumes are live, and can't be understood: {why}.",
        where=str(path),
        next_step="Put back what it said: docs/data.md has its form, `docker volume ls` shows the "
        "volumes. Nothing was changed.",
    )


def write(
    stack_dir: Path, live: Mapping[str, int], before: Mapping[str, int] | None = None
) -> None:
    """Say which volumes are live, by store; what isn't named has generation 0. `before` those,
    these were.

    In one step, on the disk when this returns. Raises GroundworkError.
    """
    kept = {store: generation for store, generation in sorted(live.items()) if generation}
    content = {"format": FORMAT, "volumes": kept} | ({"before": {**before}} if before else {})
    text = json.dumps(content, indent=2)
    files.write(stack_dir / FILE, f"{text}\n", 0o644)
    files.flush_directory((stack_dir / FILE).resolve().parent)


def forget(stack_dir: Path, stores: Iterable[str]) -> bool:
    """Take stores out of the file; whether there was anything to do. Raises GroundworkError."""
    live, gone = read(stack_dir), set(stores)
    if not gone & set(live):
        return False
    former = {store: each for store, each in before(stack_dir).items() if store not in gone}
    write(stack_dir, {store: live[store] for store in live if store not in gone}, former)
    return True


def listed(docker: Docker, stack: str) -> dict[str, dict[str, str]]:
    """The stack's volumes by name: its stores' of all generations, and its owner's mark.

    Each with storage_format, directory and user, `""` where a label is missing. Raises
    GroundworkError where the engine doesn't answer.
    """
    keys = ("storage_format", "directory", "user")
    rows = _listed(docker, stack, FORMAT_LABEL, DIRECTORY_LABEL, USER_LABEL, SNAPSHOT_LABEL)
    return {
        name: dict(zip(keys, told, strict=True))
        for name, *told, snapshot in rows
        if name == marker_of(stack) or (not snapshot and parse(name, stack))
    }


def snapshots(docker: Docker, stack: str) -> list[str]:
    """The names of a stack's snapshots (see the package `data`). Raises GroundworkError."""
    first = f"{stack}_snapshot_"
    rows = _listed(docker, stack, SNAPSHOT_LABEL)
    return sorted(
        name.removeprefix(first) for name, said in rows if said and name.startswith(first)
    )


def _listed(docker: Docker, stack: str, *labels: str) -> list[list[str]]:
    """Rows of a name and what those labels say, of all volumes that begin with the stack's name."""
    asked = ["{{json .Name}}", *(f'{{{{json (.Label "{each}")}}}}' for each in labels)]
    form = f"[{','.join(asked)}]"
    found = docker.run("volume", "ls", "--filter", f"name=^{stack}_", "--format", form, timeout=10)
    if not found.ok:
        raise GroundworkError(
            f"The Docker engine can't be asked for the volumes: {found.error}",
            next_step="See that `docker info` works for the user who runs this.",
        )
    return [json.loads(line) for line in found.stdout.splitlines()]


def generations(docker: Docker, stack: str) -> dict[str, list[int]]:
    """The generations that are there, by store, the oldest first. Raises GroundworkError."""
    return by_store(listed(docker, stack), stack)


def by_store(found: Iterable[str], stack: str) -> dict[str, list[int]]:
    """`generations`, from the names that `listed` told."""
    there: dict[str, list[int]] = {}
    for name in found:
        if place := parse(name, stack):
            there.setdefault(place[0], []).append(place[1])
    return {store: sorted(each) for store, each in sorted(there.items())}


def not_live(container: Mapping[str, Any], stack: str, live: Mapping[str, int]) -> dict[str, str]:
    """What an inspected container has mounted in place of live volumes, by those volumes' names."""
    names = [str(mount.get("Name", "")) for mount in container.get("Mounts") or []]
    return {
        name_of(stack, place[0], live.get(place[0], 0)): name
        for name in names
        if (place := parse(name, stack)) and place[1] != live.get(place[0], 0)
    }


def next_generations(docker: Docker, stack: str, stores: Iterable[str]) -> dict[str, int]:
    """One more than all that are there, by store. Raises GroundworkError."""
    there = generations(docker, stack)
    return {store: max(there.get(store, []), default=0) + 1 for store in stores}


def create(docker: Docker, stack: str, store: str, generation: int, storage_format: str) -> str:
    """Make an empty volume for a store, and its name.

    Raises GroundworkError, also where there is one of this name.
    """
    name = name_of(stack, store, generation)
    if docker.inspect("volume", [name]):  # which `volume create` would take as its own
        raise GroundworkError(
            f"There is a volume {name} already; it was left alone.",
            where=f"docker volume inspect {name}",
            next_step="Run again: the next free number is taken.",
        )
    labels = {
        engine.PROJECT_LABEL: stack,
        _COMPOSE_VOLUME: f"{store}_data",
        FORMAT_LABEL: storage_format,
        GENERATION_LABEL: str(generation),
    }
    given = [part for key, value in labels.items() for part in ("--label", f"{key}={value}")]
    made = docker.run("volume", "create", *given, name)
    if not made.ok:
        raise GroundworkError(
            f"The volume {name} can't be made: {made.error}",
            where=f"the volume {name}",
            next_step="See that `docker volume ls` works for this user, then run again.",
        )
    return name
