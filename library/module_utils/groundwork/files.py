"""Files: read, written complete or not at all, and why one can't be."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .errors import GroundworkError

_PUBLIC = 0o755  # and of one that everybody may read


def read(path: Path) -> str | None:
    """The text of a file with its line ends as they are, or None where there is none.

    Raises GroundworkError if it's no file.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        raise GroundworkError(
            f"{path} is a directory; a file has to be there.",
            where=str(path),
            next_step="Move the directory away, or give the file another path in the inventory.",
        ) from None
    except UnicodeDecodeError:
        raise GroundworkError(
            f"{path} is not a text file in UTF-8, so it was left alone.",
            where=str(path),
            next_step="Move it away or save it as UTF-8, then run again.",
        ) from None
    except OSError as error:
        raise _unusable(path, "read", error) from None


@dataclass(frozen=True)
class Found:
    """A file as it is: its text (None where there is none), its mode and its directory's."""

    text: str | None = field(repr=False)
    mode: int = 0
    directory_mode: int = 0


def inspect(path: Path) -> Found:
    """Read one file. Raises GroundworkError if it's no file, or can't be read."""
    text = read(path)
    if text is None:
        return Found(None)
    mode, directory_mode = (each.stat().st_mode & 0o7777 for each in (path, path.parent))
    return Found(text, mode, directory_mode)


def free_megabytes(directory: str) -> int | None:
    """What is free on a directory's disk, or None where it can't be told: in the engine's virtual
    machine, say, or where only root may look."""
    try:
        return shutil.disk_usage(directory).free // 1_000_000
    except OSError:
        return None


def check_writable(path: Path) -> None:
    """Raise GroundworkError where `path` could not be written.

    It is replaced by a rename, for which its directory counts and not its own mode.
    """
    target = path.resolve()
    directory = next(parent for parent in target.parents if _status(parent))
    if not directory.is_dir():
        raise GroundworkError(
            f"{path} can't be written: {directory} is not a directory.",
            where=str(path),
            next_step="Move it away, or give the file another path in the inventory.",
        )
    blocked = target if _kept_by_another(target, directory) else directory
    if blocked == directory and os.access(directory, os.W_OK | os.X_OK):
        return
    raise GroundworkError(
        f"{path} can't be written: this user may not {_MAY[blocked == directory]} {blocked}.",
        where=str(path),
        next_step=f"{_way_in(blocked)} Then run again; nothing was changed.",
    )


_MAY = {True: "write into", False: "replace"}


def _status(path: Path) -> os.stat_result | None:
    """None too where this user may not look."""
    try:
        return path.stat()
    except OSError:
        return None


def _kept_by_another(target: Path, directory: Path) -> bool:
    """In a directory with the sticky bit (/tmp has it) only the owner may replace a file."""
    file, around = _status(target), directory.stat()
    return (
        file is not None
        and bool(around.st_mode & stat.S_ISVTX)
        and os.geteuid() not in (0, file.st_uid, around.st_uid)
    )


def _way_in(path: Path) -> str:
    """What lets this user write to `path`."""
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return f"The disk is mounted read-only (`findmnt -T '{path}'` shows it)."
    owner = path.stat().st_uid
    if owner == os.geteuid():
        return f"It is yours: `chmod u+rwx '{path}'`."
    return f"It belongs to {_name(owner)}: run as that user, or `sudo chown $USER '{path}'`."


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:  # a container's user, or one of a shared disk
        return f"user {user}"


def write(path: Path, text: str, mode: int, directory_mode: int | None = None) -> None:
    """Write a file in one step: a temporary one beside it, flushed to the disk, renamed over it.

    A link is followed: what it points to is replaced, the link stays. `directory_mode`: its
    directory is the file's alone. Raises GroundworkError.
    """
    target = path.resolve()
    try:
        make_directories(target.parent, public=bool(mode & 0o004))
        if directory_mode is not None:
            target.parent.chmod(directory_mode)
            _keep_owner(target.parent.parent, target.parent)
        with (
            replacing(target, mode) as fresh,
            fresh.open("w", encoding="utf-8", newline="") as file,
        ):
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _unusable(path, "written", error) from None


def flush_directory(directory: Path) -> None:
    """See that the names in a directory, a file's that was renamed, are on the disk."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[Path]:
    """A new file beside `path`, which takes its place when the block ends well. Until then only
    its owner may read it, and of several at once the last complete one stays."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    fresh = Path(name)
    try:
        yield fresh
        fresh.chmod(mode)
        _keep_owner(path, fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def make_directories(directory: Path, public: bool) -> None:
    """Make a directory and those above it; for a file that everybody may read, whatever the
    umask."""
    missing = [each for each in (directory, *directory.parents) if not each.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    for each in reversed(missing):
        _keep_owner(each.parent, each)
        if public:
            each.chmod(each.stat().st_mode & 0o7777 | _PUBLIC)


def _keep_owner(path: Path, temporary: Path) -> None:
    """Root may write into a person's directory: the file belongs to whom the old one or it did."""
    if os.geteuid() == 0:
        owner = (path if path.exists() else path.parent).stat()
        os.chown(temporary, owner.st_uid, owner.st_gid)


def _unusable(path: Path, verb: str, error: OSError) -> GroundworkError:
    full = error.errno == 28
    return GroundworkError(
        f"{path} can't be {verb}: {error.strerror}.",
        where=str(path),
        next_step="Free some space on that disk, then run again; nothing was half-written."
        if full
        else f"See `ls -ld '{path}' '{path.parent}'`, put it right, then run again.",
    )
