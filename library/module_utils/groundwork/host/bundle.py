"""What the project's modules need on another machine, as one file to send there.

The target may reach no package index and no repository: its Python packages (for its own Python and
architecture), the image recipes and the migrations are gathered here, on the controller.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tarfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import GroundworkError
from ..files import replacing
from ..images import BuildError, complete_wheels, download_wheels
from ..images import digest as digest_of_directory

# Where the C library of the target is new enough for it is what pip on the target says
_PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
_ARCHITECTURES = ("x86_64", "aarch64")
_REST = 3600.0  # seconds; no packing takes as long


def digest(requirements: Path, directories: Mapping[str, Path], also: Sequence[str] = ()) -> str:
    """Sixteen hexadecimal digits that change with the requirements, the directories' files and
    `also`.

    Before a machine was inspected, its Python isn't known: those of every Python count.

    Raises GroundworkError where one of them isn't there.
    """
    for path in (requirements, *directories.values()):
        if not path.exists():
            raise GroundworkError(
                f"{path} is not there, and the other machine needs it.",
                where="the variables of the role toolbox, and schema_dir",
                next_step="Correct the path in the inventory.",
            )
    total = hashlib.sha256()
    for path in (requirements, *sorted(requirements.parent.glob(f"{requirements.stem}-*.txt"))):
        total.update(path.read_bytes())
    for name, directory in sorted(directories.items()):
        total.update(f"{name} {digest_of_directory(directory, '')}\n".encode())
    total.update("\n".join(also).encode())
    return total.hexdigest()[:16]


def for_python(requirements: Path, python: str) -> Path:
    """The file for one Python, `requirements-3.10.txt` beside the others', where there is one."""
    own = requirements.with_name(f"{requirements.stem}-{python}.txt")
    return own if own.exists() else requirements


def bundle(
    requirements: Path,
    directories: Mapping[str, Path],
    python: str,
    architecture: str,
    cache: Path,
) -> Path:
    """A tarball with `requirements.txt`, `wheels/` and each directory under its name.

    `python` is the target's (`3.11`), `architecture` as its kernel names it. Raises
    GroundworkError.
    """
    if architecture not in _ARCHITECTURES:
        raise GroundworkError(
            f"There are no ready Python packages for {architecture}.",
            next_step=f"Use a machine with one of: {', '.join(_ARCHITECTURES)}.",
        )
    path = cache / f"bundle-{digest(requirements, directories)}-{python}-{architecture}.tar"
    requirements = for_python(requirements, python)
    wheels = _wheels(requirements, python, architecture, cache)
    with replacing(path) as fresh, tarfile.open(fresh, "w") as archive:
        archive.add(requirements, "requirements.txt", filter=_plain)
        archive.add(wheels, "wheels", filter=_plain)
        for name, directory in directories.items():
            archive.add(directory.resolve(), name, filter=_plain)
    for old in cache.glob(f"bundle-*-{python}-{architecture}.tar"):
        if old != path:
            old.unlink(missing_ok=True)
    for rest in cache.glob(".bundle-*"):  # of a run that was killed; a younger one may be at it
        with contextlib.suppress(FileNotFoundError):
            if time.time() - rest.stat().st_mtime > _REST:
                rest.unlink()
    return path


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Root's, readable by all, and no caches: what the controller's user is called stays here."""
    if "__pycache__" in Path(member.name).parts:
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return member


def _wheels(requirements: Path, python: str, architecture: str, cache: Path) -> Path:
    text = requirements.read_text(encoding="utf-8")
    key = hashlib.sha256(text.encode()).hexdigest()[:12]
    directory = cache / f"wheels-{python}-{architecture}-{key}"
    if complete_wheels(directory, text):
        return directory
    fresh = directory.with_name(f"{directory.name}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(directory, ignore_errors=True)
    cache.mkdir(parents=True, exist_ok=True)
    try:
        platforms = [f"{name}_{architecture}" for name in _PLATFORMS]
        download_wheels(requirements, python, fresh, platforms)
    except BuildError as error:
        raise GroundworkError(
            f"{error} (for Python {python} on {architecture}).",
            details=list(error.lines),
            next_step="See that this machine reaches its package index (pip config list).",
        ) from None
    fresh.rename(directory)
    return directory
