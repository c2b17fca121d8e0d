"""Programs and recipes for tests that build without Docker."""

from __future__ import annotations

import shutil
from pathlib import Path

from ansible.module_utils.groundwork.images import recipes

IMAGES = Path(__file__).resolve().parents[3] / "images"


def tool(folder: Path, script: str) -> None:
    (folder / "mmdebstrap").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "mmdebstrap").chmod(0o755)


def base_alone(folder: Path) -> recipes.Recipe:
    """A recipe that needs the base and no package from an index."""
    shutil.copytree(IMAGES / "base", folder / "base")
    shutil.copytree(IMAGES / "redis", folder / "redis")
    return recipes.recipe(folder, "redis")
