"""Reads `docker save` tarballs: which images they hold, and whether they are complete.

Nothing is unpacked: the tarball's own list (manifest.json) is read, and what it names looked up.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..image_names import by_tag

SUMS = "SHA256SUMS"
_SUFFIXES = (".tar", ".tar.gz", ".tgz")
_LIST_LIMIT = 16 * 1024 * 1024  # bytes, for a list or a configuration inside a tarball


class ArchiveError(Exception):
    """A tarball that must not be used. `str()` names the file and says why."""


@dataclass(frozen=True)
class Held:
    """An image in a tarball: the file, and the image's labels."""

    path: Path
    labels: Mapping[str, str]
    digest: str  # SHA-256 of its configuration, which most engines use as the image's id
    layers: tuple[str, ...] = ()  # the digests of its layers, unpacked
    architecture: str = ""  # as Docker says it: amd64, arm64, ...
    manifest: str = ""  # its digest, which an engine that keeps images with containerd uses as id

    @property
    def ids(self) -> tuple[str, str]:
        """The ids that engines give this image."""
        return f"sha256:{self.digest}", self.manifest


@dataclass(frozen=True)
class Directory:
    """A directory of tarballs as it was read: images by name, and files that can't be used."""

    path: Path
    images: Mapping[str, Held] = field(default_factory=dict)
    broken: Mapping[Path, str] = field(default_factory=dict)


def short(reference: str) -> str:
    """`docker.io/library/redis:7` and `redis` are written `redis:7` and `redis:latest`."""
    name = reference
    for prefix in ("docker.io/", "index.docker.io/", "library/"):
        name = name.removeprefix(prefix)
    last = name.rpartition("/")[2]
    return name if ":" in last or "@" in last else f"{name}:latest"


def file_name(reference: str) -> str:
    """The name that an image's tarball has by convention: `qdrant_qdrant_v1.7.4.tar`."""
    return short(by_tag(reference)).replace("/", "_").replace(":", "_") + ".tar"


def read_directory(path: Path) -> Directory:
    """Read every tarball of a directory. Raises OSError where the directory can't be read."""
    images: dict[str, Held] = {}
    broken: dict[Path, str] = {}
    for file in sorted(path.iterdir()):
        if not file.name.endswith(_SUFFIXES) or not file.is_file():
            continue
        try:
            for reference, held in read(file).items():
                images.setdefault(reference, held)
        except ArchiveError as error:
            broken[file] = str(error)
    return Directory(path, images, broken)


def read(path: Path) -> dict[str, Held]:
    """The images of one tarball by name.

    Raises ArchiveError where it is cut off, or isn't what `docker save` writes.
    """
    try:
        with tarfile.open(path, "r:*") as archive:
            members = {member.name: member for member in archive}
            listed = json.loads(_bytes(archive, members, "manifest.json"))
            manifests = _manifests(archive, members)
            found: dict[str, Held] = {}
            for entry in listed:
                for needed in (entry["Config"], *entry["Layers"]):
                    if needed not in members:
                        raise ArchiveError(f"{path} is cut off: {needed} is missing in it")
                raw = _bytes(archive, members, entry["Config"])
                said = json.loads(raw)
                labels = (said.get("config") or {}).get("Labels") or {}
                layers = (said.get("rootfs") or {}).get("diff_ids") or ()
                architecture = str(said.get("architecture") or "")
                identity = hashlib.sha256(raw).hexdigest()
                held = Held(path, dict(labels), identity, (*layers,), architecture)
                for name in map(short, entry["RepoTags"] or ()):
                    found[name] = replace(held, manifest=manifests.get(name, ""))
            return found
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArchiveError(f"{path} is cut off or is no tarball ({error})") from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ArchiveError(f"{path} is not what `docker save` writes, or is cut off") from None


def _manifests(archive: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo]) -> dict[str, str]:
    """The digests of the manifests by the images' names; none in an archive of an old engine."""
    if "index.json" not in members:
        return {}
    return {
        short(name): str(entry["digest"])
        for entry in json.loads(_bytes(archive, members, "index.json"))["manifests"]
        if (name := (entry.get("annotations") or {}).get("io.containerd.image.name"))
    }


def _bytes(archive: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo], name: str) -> bytes:
    member = members[name]
    stream = archive.extractfile(member)
    if stream is None or member.size > _LIST_LIMIT:
        raise ValueError(name)
    return stream.read()


def choose(directory: Directory, wanted: Iterable[str]) -> tuple[str, Held]:
    """The first of the `wanted` names that the directory holds.

    Raises ArchiveError that names the file where one has the right name and can't be used.
    """
    names = [short(name) for name in wanted]
    for name in names:
        if held := directory.images.get(name):
            return name, held
    for name in names:
        file = directory.path / file_name(name)
        if file in directory.broken:
            raise ArchiveError(directory.broken[file])
        if inside := sorted(key for key, held in directory.images.items() if held.path == file):
            raise ArchiveError(f"{file} holds {', '.join(inside)} and not {name}")
    text = f"no archive in {directory.path} holds {' or '.join(names)}"
    if directory.broken:
        text += f" ({'; '.join(directory.broken.values())})"
    raise ArchiveError(text)


def check_digest(path: Path) -> None:
    """Compare a tarball with the SHA256SUMS of its directory, where there is one.

    Raises ArchiveError where the digest is another, or the file isn't listed.
    """
    sums = path.parent / SUMS
    if not sums.exists():
        return
    wanted = listed(path.parent).get(path.name)
    if wanted is None:
        raise ArchiveError(f"{path} is not listed in {sums}")
    if digest(path) != wanted:
        raise ArchiveError(f"{path} is not the file that {sums} lists: its digest differs")


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1024 * 1024):
            total.update(block)
    return total.hexdigest()


def listed(directory: Path) -> dict[str, str]:
    """The digests in a directory's SHA256SUMS, by file name; none where there is no such file."""
    sums = directory / SUMS
    text = sums.read_text(encoding="utf-8") if sums.exists() else ""
    pairs = (line.split(maxsplit=1) for line in text.splitlines())
    return {pair[1].lstrip("*").strip(): pair[0].lower() for pair in pairs if len(pair) == 2}
