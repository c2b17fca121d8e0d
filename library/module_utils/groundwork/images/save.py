"""Writes `docker save` tarballs into a directory, each complete or not there, with digests."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..docker import CommandResult, Docker
from ..errors import GroundworkError
from ..files import replacing
from ..image_names import by_tag
from . import archive
from .archive import SUMS, ArchiveError

_TIMEOUT = 900.0  # seconds, for one image


def missing(
    docker: Docker, references: Sequence[str], directory: Path, dry: bool = False
) -> list[str]:
    """The images whose tarball isn't in the directory or its SHA256SUMS, or holds another image.

    Raises GroundworkError where the engine doesn't have an image itself; `dry`, it may come yet.
    """
    present = docker.inspect("image", sorted(set(references)))
    lacking = sorted(set(references) - set(present))
    if lacking and not dry:
        raise GroundworkError(
            f"There is no image {', '.join(lacking)} to save.",
            next_step="Run playbooks/dev.yml, which gets the images.",
        )
    listed = archive.listed(directory)
    return lacking + [
        name
        for name in present
        if archive.file_name(name) not in listed
        or present[name]["Id"] not in _ids(directory / archive.file_name(name), name)
    ]


def _ids(path: Path, reference: str) -> tuple[str, ...]:
    """The ids of an image in its tarball; none where it isn't there or the tarball is broken."""
    try:
        held = archive.read(path).get(archive.short(by_tag(reference)))
    except ArchiveError:
        return ()
    return held.ids if held else ()


def save(docker: Docker, references: Sequence[str], directory: Path) -> None:
    """Save images side by side and bring SHA256SUMS up to date. Raises GroundworkError."""
    directory.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda reference: _save(docker, reference, directory), references))
    paths = sorted(directory.glob("*.tar"))
    lines = [f"{archive.digest(path)}  {path.name}\n" for path in paths]
    with replacing(directory / SUMS) as fresh:
        fresh.write_text("".join(lines), encoding="utf-8")


def _save(docker: Docker, reference: str, directory: Path) -> None:
    name = by_tag(reference)  # an archive keeps no digests

    with replacing(directory / archive.file_name(reference)) as fresh:
        result = (
            docker.run("tag", reference, name) if name != reference else CommandResult(0, "", "")
        )
        if result.ok:
            result = docker.run("save", "--output", str(fresh), name, timeout=_TIMEOUT)
        if not result.ok:
            raise GroundworkError(
                f"{reference} can't be saved: {result.error}",
                where=str(directory),
                next_step="See that the disk has free space, and run again.",
            )
