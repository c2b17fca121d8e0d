"""Directories of a stack, and the volumes that say whose they are."""

from __future__ import annotations

from pathlib import Path

DATA = {"ours_db_data": {"groundwork.flavour": "x"}}


def owned_directory(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "docker-compose.yml").touch()
    return path


def marked(path: Path) -> dict[str, dict[str, str]]:
    return {"ours_owner": {"groundwork.folder": str(path), "groundwork.user": "anna"}}
