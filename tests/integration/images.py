"""Images for tests: tiny ones of a name of their own, and all sources asked for one."""

from __future__ import annotations

import io
import os
import tarfile
import uuid
from pathlib import Path

from ansible.module_utils.groundwork.docker.cli import Docker
from ansible.module_utils.groundwork.images import recipes
from ansible.module_utils.groundwork.images.resolve import (
    Resolution,
    WantedImage,
    failure,
    resolve_all,
)
from ansible.module_utils.groundwork.images.setup import Setup

from .stack import ROOT, docker

DOCKER = Docker()
BUILD_DIR = ROOT / "images"
RECIPES = recipes.read_recipes(BUILD_DIR)


def import_tiny(directory: Path, *options: str, size: int = 5) -> str:
    """A new image of one file that no other has; returns its name."""
    reference = f"groundwork-test/tiny-{uuid.uuid4().hex[:8]}:1"
    tarball = directory / "tiny.tar"
    with tarfile.open(tarball, "w") as archive:
        info = tarfile.TarInfo("random")
        info.size = size
        archive.addfile(info, io.BytesIO(os.urandom(size)))
    docker("import", *options, str(tarball), reference)
    return reference


def ask(*references: str, **options: object) -> dict[str, Resolution]:
    """Ask all sources for images in whose place a built one, which is here, could be taken."""
    recipe = RECIPES["redis"]
    setup = Setup(DOCKER, recipes=RECIPES, cache_dir=None, **options)
    wanted = {
        name: WantedImage("redis", name, recipe.reference, recipe.inputs) for name in references
    }
    outcomes = resolve_all(wanted.values(), setup.ask())
    return {name: outcomes[item] for name, item in wanted.items()}


def refusal(reference: str) -> str:
    """Why an image isn't had, as a person reads it; nothing takes its place."""
    outcome = ask(reference)[reference]
    assert (outcome.source, outcome.used) == ("", ""), "something took its place"
    return str(failure({WantedImage("redis", reference): outcome}))
