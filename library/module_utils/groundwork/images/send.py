"""Sends archives to another machine in parts, only those that it lacks (see receive.py)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..errors import GroundworkError
from . import archive as image_archive
from .archive import SUMS, ArchiveError

MB = 1000 * 1000
# What a machine (in uname's words) runs (in Docker's)
_ARCHITECTURES = {"x86_64": ("amd64", "386"), "aarch64": ("arm64", "arm")}
# Asks the other machine's receive.serve, and sends it bytes
Ask = Callable[[Mapping[str, Any], bytes], Mapping[str, Any]]


@dataclass(frozen=True)
class Archive:
    """A file to send: where it is, its SHA-256 and its bytes (-1: it isn't here yet)."""

    path: Path
    digest: str
    size: int


@dataclass(frozen=True)
class ByteRange:
    """Bytes of an archive."""

    offset: int
    length: int


@dataclass(frozen=True)
class Todo:
    """What the other machine lacks of an archive; no `spans` where all of it came but its name."""

    archive: Archive
    complete: bool
    spans: tuple[ByteRange, ...]

    @property
    def lacking(self) -> int:
        """The bytes that have to be sent."""
        return sum(span.length for span in self.spans)


def archives(paths: Sequence[Path], dry: bool = False) -> list[Archive]:
    """The files of a directory that saved_images wrote, and last its SHA256SUMS, which has their
    digests. Raises GroundworkError where one isn't there or isn't listed; with `dry` it may still
    come, and has no digest."""
    found = []
    for path in paths:
        digest = image_archive.listed(path.parent).get(path.name, "")
        if digest and path.exists():
            found.append(Archive(path, digest, path.stat().st_size))
        elif dry:
            found.append(Archive(path, "", -1))
        else:
            raise GroundworkError(
                f"{path.name} is not here, or not listed in {SUMS} beside it.",
                where=str(path.parent),
                next_step="Run again: what is missing is saved again.",
            )
    for sums in [] if dry else dict.fromkeys(path.parent / SUMS for path in paths):
        found.append(Archive(sums, image_archive.digest(sums), sums.stat().st_size))
    return found


def inspect(
    files: Sequence[Archive], directory: str, part: int, ask: Ask, dry: bool = False
) -> list[Todo]:
    """What has to be sent of each archive. Parts of other versions are removed there, unless `dry`.

    Raises GroundworkError where the directory can't be used, or an image is for another
    architecture.
    """
    wanted = {
        file.path.name: {"digest": file.digest, "size": file.size} for file in files if file.digest
    }
    asked = {
        "do": "inspect",
        "directory": directory,
        "files": wanted,
        "part": part,
        "clean": not dry,
    }
    answer = _checked(ask(asked, b""))
    todos = []
    for file in files:
        found = answer["files"].get(file.path.name, {"complete": False, "parts": []})
        spans = () if found["complete"] else tuple(_lacking(file, found["parts"], part))
        todos.append(Todo(file, found["complete"], spans))
    _check_architecture([todo.archive.path for todo in todos], answer["architecture"])
    return todos


def _check_architecture(paths: Sequence[Path], machine: str) -> None:
    """Raise GroundworkError where an archive's images can't run on a machine (as uname says it)."""
    if machine not in _ARCHITECTURES:
        return
    native = _ARCHITECTURES[machine][0]
    others = [
        f"{name} is for {held.architecture}"
        for path in paths
        for name, held in _images(path).items()
        if held.architecture not in ("", *_ARCHITECTURES[machine])
    ]
    if others:
        raise GroundworkError(
            f"The images here are for another architecture than the machine's, which is {native}.",
            where=str(paths[0].parent),
            details=others,
            next_step=f"Send them from a computer with {native}; or, where the machine reaches a "
            "registry, say images_send: false in inventory/group_vars/staging/main.yml, and it "
            "pulls them. Nothing was sent.",
        )


def _images(path: Path) -> Mapping[str, image_archive.Held]:
    """The images of an archive; none where it can't be read, which loading it will say."""
    try:
        return image_archive.read(path) if path.name != SUMS else {}
    except ArchiveError:
        return {}


def _lacking(file: Archive, arrived: Sequence[Sequence[Any]], part: int) -> Iterator[ByteRange]:
    """The bytes that aren't there, part by part; the beginning of a part counts."""
    if file.size < 0:
        return
    with file.path.open("rb") as stream:
        for number, offset in enumerate(range(0, file.size, part)):
            length = min(part, file.size - offset)
            kept = 0
            if number < len(arrived) and arrived[number][0] <= length:
                data = _read(stream, ByteRange(offset, arrived[number][0]))
                if hashlib.sha256(data).hexdigest() == arrived[number][1]:
                    kept = len(data)
            if kept < length:
                yield ByteRange(offset + kept, length - kept)


def send(todo: Todo, directory: str, ask: Ask) -> Iterator[ByteRange]:
    """Send what is lacking of an archive; gives each span after it arrived, the last one when the
    archive has its name. Raises GroundworkError; what arrived until then stays there."""
    file = todo.archive
    spans = todo.spans or (ByteRange(file.size, 0),)
    with file.path.open("rb") as stream:
        for span in spans:
            asked = {
                "do": "part",
                "directory": directory,
                "name": file.path.name,
                "digest": file.digest,
                "offset": span.offset,
                "length": span.length,
            }
            last = {"size": file.size} if span == spans[-1] else {}
            answer = _checked(ask(asked | last, _read(stream, span)))
            if last and not answer["complete"]:
                raise _broken(file, directory)
            yield span


def entry(todo: Todo) -> dict[str, Any]:
    """A file as the task's answer tells of it: name, action; size, arrived and sent in bytes."""
    size = max(todo.archive.size, 0)
    arrived = size - todo.lacking if todo.archive.size >= 0 else 0
    action = "unchanged" if todo.complete else "resumed" if arrived else "sent"
    return {
        "name": todo.archive.path.name,
        "action": action,
        "size": size,
        "arrived": arrived,
        "sent": 0,
    }


def progress(
    archive: Archive, span: ByteRange, part: int, entries: Sequence[Mapping[str, Any]]
) -> str:
    """`groundwork_postgres_16.15.tar, part 3 of 7; 96 of 340 MB are there`."""
    number, count = span.offset // part + 1, max(-(-archive.size // part), 1)
    return f"{archive.path.name}, part {min(number, count)} of {count}; {_arrived(entries)}"


def _arrived(entries: Sequence[Mapping[str, Any]]) -> str:
    arrived, size = (sum(entry[key] for entry in entries) / MB for key in ("arrived", "size"))
    return f"{arrived:.0f} of {size:.0f} MB are there"


def broken(
    host: str, directory: str, entries: Sequence[Mapping[str, Any]], said: Sequence[str]
) -> GroundworkError:
    """The connection broke. `said` is why, in SSH's words."""
    arrived = f": {_arrived(entries)}" if entries else ""
    return GroundworkError(
        f"The connection to {host} broke while images were sent{arrived}.",
        where=f"{directory} on {host}",
        details=[line.rstrip(" :") for line in said[-3:]],
        next_step="Run again when it is in reach: sending goes on where it stopped.",
    )


def _read(stream: IO[bytes], span: ByteRange) -> bytes:
    stream.seek(span.offset)
    return stream.read(span.length)


def _checked(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    if reason := answer.get("error"):
        raise GroundworkError(
            f"The images can't be put there: {reason}.",
            where=str(answer["path"]),
            next_step="Fix that on the other machine (`df -h` shows its free space) and run again. "
            "What arrived until now stays there.",
        )
    return answer


def _broken(file: Archive, directory: str) -> GroundworkError:
    if image_archive.digest(file.path) != file.digest:
        return GroundworkError(
            f"{file.path.name} is damaged on this computer: it isn't what {SUMS} beside it lists.",
            where=str(file.path),
            next_step="Delete it and run again: it is saved again.",
        )
    return GroundworkError(
        f"{file.path.name} arrived damaged.",
        where=directory,
        next_step="Run again: the damaged parts are sent again.",
    )
