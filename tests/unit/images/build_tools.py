"""Programs and recipes for tests that build without Docker."""

from __future__ import annotations

import shutil
from pathlib import Path

from ansible.module_utils.groundwork.images import recipes

IMAGES = Path(__file__).resolve().parents[3] / "images"


def tool(directory: Path, script: str) -> None:
    (directory / "mmdebstrap").write_text(f"#!/bin/sh\n{script}\n")
    (directory / "mmdebstrap").chmod(0o755)


def base_alone(directory: Path) -> recipes.Recipe:
    """A recipe that needs the base and no package from an index."""
    shutil.copytree(IMAGES / "base", directory / "base")
    shutil.copytree(IMAGES / "redis", directory / "redis")
    return recipes.recipe(directory, "redis")
