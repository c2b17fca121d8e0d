"""Which volume of a store is live.

A store's first volume is `STACK_STORE_data`. One that was filled later (a restore, an upgrade) is
its next generation, `STACK_STORE_data.1` and so on, and `volumes.json` beside the Compose file says
which of them counts. Renaming that file is the only switch; without it, all are the first.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from .. import files
from ..errors import GroundworkError
from .cli import Docker

FILE = "volumes.json"
FORMAT_LABEL = "groundwork.flavour"
GENERATION_LABEL = "groundwork.generation"
_FORMAT = 1
_NAME = re.compile(r"(?P<store>[^_]+)_data(?:\.(?P<generation>[1-9]\d*))?")


def name_of(stack: str, store: str, generation: int = 0) -> str:
    """The volume of a store (`postgres`, `mail.conf`) at a generation."""
    return f"{stack}_{store}_data" + (f".{generation}" if generation else "")


def parse(volume: str, stack: str) -> tuple[str, int] | None:
    """The store and the generation of a stack's volume; None where it is none with data."""
    found = _NAME.fullmatch(volume.removeprefix(f"{stack}_"))
    if found is None or not volume.startswith(f"{stack}_"):
        return None
    return found["store"], int(found["generation"] or 0)


def read(stack_dir: Path) -> dict[str, int]:
    """The live generation by store, of those that aren't at their first.

    Raises GroundworkError where the file can't be read: a guess could be another time's data.
    """
    path = stack_dir / FILE
    text = files.read(path)
    if text is None:
        return {}
    try:
        content = json.loads(text)
        found = content["volumes"]
        if content["format"] != _FORMAT or not all(type(each) is int for each in found.values()):
            raise ValueError
    except (ValueError, LookupError, TypeError, AttributeError):
        raise GroundworkError(
            "The file that says which volumes are live can't be understood, so nothing is started.",
            where=str(path),
            next_step="Bring it back from where it was last right, or remove it: then the first "
            "volume of each service counts (`docker volume ls` shows them all).",
        ) from None
    return {str(store): generation for store, generation in found.items() if generation > 0}


def write(stack_dir: Path, live: Mapping[str, int]) -> None:
    """Say which generations are live, by store; safe over a power cut."""
    path = stack_dir / FILE
    kept = {store: generation for store, generation in sorted(live.items()) if generation > 0}
    text = json.dumps({"format": _FORMAT, "volumes": kept}, indent=1)
    with files.replacing(path) as fresh, fresh.open("w", encoding="utf-8") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    directory = os.open(stack_dir, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def generations(docker: Docker, stack: str) -> dict[str, list[int]]:
    """Those that are there, by store, the oldest first. Raises GroundworkError."""
    found = docker.run("volume", "ls", "-q", "--filter", f"name={stack}_")
    if not found.ok:
        raise GroundworkError(
            f"The volumes can't be listed: {found.error}",
            next_step="See that `docker volume ls` works for the user who runs this.",
        )
    there: dict[str, list[int]] = {}
    for volume in found.stdout.split():
        if parsed := parse(volume, stack):
            there.setdefault(parsed[0], []).append(parsed[1])
    return {store: sorted(each) for store, each in there.items()}


def next_generation(docker: Docker, stack: str, store: str) -> int:
    """One more than all that are there. Raises GroundworkError."""
    return max(generations(docker, stack).get(store, [0])) + 1


def create(docker: Docker, stack: str, store: str, generation: int, storage_format: str) -> None:
    """Make an empty volume, as Compose would label it. Raises GroundworkError."""
    name = name_of(stack, store, generation)
    labels = {
        "com.docker.compose.project": stack,
        "com.docker.compose.volume": f"{store}_data",
        FORMAT_LABEL: storage_format,
        GENERATION_LABEL: str(generation),
    }
    named = [part for pair in labels.items() for part in ("--label", "=".join(pair))]
    made = docker.run("volume", "create", *named, name)
    if not made.ok:
        raise GroundworkError(
            f"The volume {name} can't be made: {made.error}",
            next_step="Fix what it says, then run again. Nothing was changed.",
        )
