"""How images are built where no registry is in reach: one recipe for each directory of `images/`.

A recipe is the directory's `image.json`: the name that the built image gets, the recipe that it
stands on, and what has to be fetched on the host for it. The Dockerfile beside it does the rest.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import image_names
from ..errors import GroundworkError
from ..services import BUILT_LABEL, SERVICE_TYPES

INPUTS_LABEL = BUILT_LABEL
_SKIPPED_SUFFIXES = (".pyc", ".md")
NO_INPUTS = ("tests", "pyproject.toml")  # of a program whose image is built there


@dataclass(frozen=True)
class Wheels:
    """Python packages that the host fetches, since a container may have no package index.

    `python` is the version that they are for. `unpack` is the directory of the build context into
    which all are unpacked, ready to be imported; `extract` maps a path inside the wheels (a
    pattern) to its name there. Without either, the wheels themselves are put into `wheels/`.
    """

    requirements: str
    python: str
    unpack: str = ""
    extract: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Debian:
    """A base made of Debian's packages by mmdebstrap, with no Dockerfile.

    `hooks` are those that mmdebstrap brings; `packages` come on top of the variant's own.
    """

    suite: str
    variant: str
    hooks: Sequence[str]
    packages: Sequence[str]
    dpkg_options: Sequence[str]
    labels: Mapping[str, str]

    @property
    def official(self) -> str:
        """The image that serves where mmdebstrap is missing and a registry in reach."""
        return f"debian:{self.suite}-slim"


@dataclass(frozen=True)
class Recipe:
    """One directory of `images/`, by its `name`: a service type, or a base.

    `inputs` is the digest of all that the image is made from, `stands_for` the major version
    of the official image that it stands in for.
    """

    name: str
    directory: Path
    reference: str
    inputs: str
    base: Recipe | None = None
    wheels: Wheels | None = None
    debian: Debian | None = None
    stands_for: str = ""

    def stands_in(self, reference: str) -> bool:
        """Whether it may take the place of an image: of the official one alone (at Docker Hub, or
        by its full path at any registry), of the same major version, and not of one that is
        pinned by its digest."""
        image = image_names.parse(reference)
        if image is None or image.digest or self.name not in SERVICE_TYPES:
            return False
        official = SERVICE_TYPES[self.name].official
        path = official if "/" in official else f"library/{official}"
        mirrored = image.registry and f"/{image.path}".endswith(f"/{path}")
        if not mirrored and image.repository != official:
            return False
        return image_names.version(image.tag).partition(".")[0] in ("", self.stands_for)


def read_recipes(build_dir: Path) -> dict[str, Recipe]:
    """The recipe for each service type; `{}` without that directory. Raises GroundworkError for an
    unreadable one."""
    names = [p.parent.name for p in sorted(build_dir.glob("*/image.json")) if "base" in _read(p)]
    return {name: recipe(build_dir, name) for name in names}


def recipe(build_dir: Path, name: str) -> Recipe:
    """The recipe in the directory `name`, with the one that it stands on."""
    directory = build_dir / name
    path = directory / "image.json"
    entry = _read(path)
    try:
        base = recipe(build_dir, entry["base"]) if "base" in entry else None
        return Recipe(
            name=name,
            directory=directory,
            reference=entry["reference"],
            inputs=digest(directory, base.inputs if base else "", NO_INPUTS),
            base=base,
            wheels=Wheels(**entry["wheels"]) if "wheels" in entry else None,
            debian=Debian(**entry["debian"]) if "debian" in entry else None,
            stands_for=str(entry.get("stands_for", "")),
        )
    except (KeyError, TypeError) as error:
        raise GroundworkError(
            f"The recipe of an image can't be used: {error}",
            where=str(path),
            next_step="Compare it with the other directories' image.json.",
        ) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        entry: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GroundworkError(
            f"The recipe of an image can't be read: {error}",
            where=str(path),
            next_step="Put the file back from git.",
        ) from None
    return entry


def inputs_of(directory: Path, but: Collection[str] = ()) -> Iterator[Path]:
    """The files that matter, in order: no hidden directories, caches, prose, nor those in `but`."""
    for path in sorted(directory.rglob("*")):
        parts = path.relative_to(directory).parts
        hidden = any(part.startswith(".") or part == "__pycache__" for part in parts[:-1])
        skipped = path.suffix in _SKIPPED_SUFFIXES or parts[0] in but
        if path.is_file() and not hidden and not skipped:
            yield path


def digest(directory: Path, base: str, but: Collection[str] = ()) -> str:
    """The SHA-256 of a directory's files (names, contents, whether executable) and of its
    base's; without what is named in `but`."""
    total = hashlib.sha256(base.encode())
    for path in inputs_of(directory, but):
        name = path.relative_to(directory).as_posix()
        mode = "x" if os.access(path, os.X_OK) else "-"
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{name}\0{mode}\0{content}\n".encode())
    return total.hexdigest()
