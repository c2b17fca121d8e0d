"""Files that the project renders: compared, shown, and written whole or not at all."""

from __future__ import annotations

import difflib
import os
import pwd
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import dotenv
from .errors import GroundworkError
from .text import MASK, masked

_PRIVATE = 0o700  # the mode of a private file's folder
_PUBLIC = 0o755  # and of one that everybody may read
_SECRET_LINE = re.compile(r"PASSWORD|SECRET|TOKEN|SALT|_KEY=|_ACL=|_CONFIG=|_CHECKSUM=", re.I)


@dataclass(frozen=True)
class Wanted:
    """A file as it should be. `block`: only the managed block is ours (env files).

    `last`: the block comes after a person's own lines, so that it wins. `private`: the file is in
    a folder that its owner alone may enter, and its text is never shown.
    """

    path: Path
    text: str = field(repr=False)
    mode: int
    block: bool = False
    last: bool = False
    private: bool = False


@dataclass(frozen=True)
class State:
    """A file as it is against how it should be.

    `verdict` is same, differs or missing; `before` its text now, `after` its text as wanted,
    neither to be shown unmasked (see `diff`).
    """

    wanted: Wanted
    verdict: str
    before: str = field(repr=False)
    after: str = field(repr=False)


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
            f"{path} is a folder; a file has to be there.",
            where=str(path),
            next_step="Move the folder away, or give the file another path in the inventory.",
        ) from None
    except UnicodeDecodeError:
        raise GroundworkError(
            f"{path} is not a text file in UTF-8, so it was left alone.",
            where=str(path),
            next_step="Move it away or save it as UTF-8, then run again.",
        ) from None
    except OSError as error:
        raise _unusable(path, "read", error) from None


def compare(wanted: Wanted) -> State:
    """Look at one file."""
    before = read(wanted.path)
    after = wanted.text
    if wanted.block:
        after = dotenv.merge(before or "", wanted.text, wanted.last)
    if before is None:
        return State(wanted, "missing", "", after)
    mode = wanted.path.stat().st_mode & 0o7777
    same = before == after and mode == wanted.mode
    if wanted.private:
        same = same and wanted.path.parent.stat().st_mode & 0o7777 == _PRIVATE
    return State(wanted, "same" if same else "differs", before, after)


def verdicts(states: Iterable[State]) -> dict[str, str]:
    """The verdict on each file, by path; a private folder's files are one, by its path."""
    found: dict[str, str] = {}
    for state in states:
        wanted = state.wanted
        path = str(wanted.path.parent if wanted.private else wanted.path)
        same = found.get(path, state.verdict) == state.verdict
        found[path] = state.verdict if same else "differs"
    return found


_ACTIONS = {"missing": "created", "differs": "updated", "same": "unchanged"}


def actions(states: Iterable[State]) -> list[dict[str, str]]:
    """What writing them does to each file, `path` and `action`, for a module's answer."""
    found = verdicts(states)
    return [{"path": path, "action": _ACTIONS[verdict]} for path, verdict in found.items()]


def changing(states: Iterable[State]) -> list[State]:
    """Those that have to be written, all of which can be. Raises GroundworkError."""
    found = [state for state in states if state.verdict != "same"]
    for state in found:
        check_writable(state.wanted.path)
    return found


def check_writable(path: Path) -> None:
    """Raise GroundworkError where `path` could not be written.

    It is replaced by a rename, for which its folder counts and not its own mode.
    """
    target = path.resolve()
    folder = next(parent for parent in target.parents if _status(parent))
    if not folder.is_dir():
        raise GroundworkError(
            f"{path} can't be written: {folder} is not a folder.",
            where=str(path),
            next_step="Move it away, or give the file another path in the inventory.",
        )
    blocked = target if _kept_by_another(target, folder) else folder
    if blocked == folder and os.access(folder, os.W_OK | os.X_OK):
        return
    raise GroundworkError(
        f"{path} can't be written: this user may not {_MAY[blocked == folder]} {blocked}.",
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


def _kept_by_another(target: Path, folder: Path) -> bool:
    """In a folder with the sticky bit (/tmp has it) only the owner may replace a file."""
    file, around = _status(target), folder.stat()
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


def write(state: State) -> None:
    """Write a file whole: a temporary one beside it, flushed to the disk, renamed over it.

    A link is followed: what it points to is replaced, the link stays.
    """
    path = state.wanted.path.resolve()
    try:
        make_folders(path.parent, public=bool(state.wanted.mode & 0o004))
        if state.wanted.private:
            path.parent.chmod(_PRIVATE)
            _keep_owner(path.parent.parent, path.parent)
        with (
            replacing(path, state.wanted.mode) as fresh,
            fresh.open("w", encoding="utf-8", newline="") as file,
        ):
            file.write(state.after)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _unusable(state.wanted.path, "written", error) from None


@contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[Path]:
    """A new file beside `path`, which takes its place when the block ends well. Until then only
    its owner may read it, and of several at once the last whole one stays."""
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


def make_folders(folder: Path, public: bool) -> None:
    """Make a folder and those above it; for a file that everybody may read, whatever the umask."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in reversed(missing):
        _keep_owner(each.parent, each)
        if public:
            each.chmod(each.stat().st_mode & 0o7777 | _PUBLIC)


def _keep_owner(path: Path, temporary: Path) -> None:
    """Root may write into a person's folder: the file belongs to whom the old one or it did."""
    if os.geteuid() == 0:
        owner = (path if path.exists() else path.parent).stat()
        os.chown(temporary, owner.st_uid, owner.st_gid)


def diff(state: State, secrets: Iterable[str]) -> dict[str, str]:
    """Ansible's form of a diff, with every secret and every line of a person's own masked."""
    header = str(state.wanted.path)
    found = set(secrets)
    before, after = (
        masked(_without_own(text, state.wanted), found) for text in (state.before, state.after)
    )
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), header, header, lineterm="", n=1
    )
    return {"prepared": "\n".join(lines) + "\n"}


def _without_own(text: str, wanted: Wanted) -> str:
    if wanted.private:
        return MASK if text else ""
    if not wanted.block:
        return text
    own = set(dotenv.outside(text).splitlines())
    lines = []
    for line in text.splitlines():
        name, sign, _ = line.partition("=")
        hidden = line in own or _SECRET_LINE.search(line) or "://" in line
        lines.append(f"{name}{sign}{MASK}" if sign and hidden else line)
    return "\n".join(lines)


def _unusable(path: Path, verb: str, error: OSError) -> GroundworkError:
    full = error.errno == 28
    return GroundworkError(
        f"{path} can't be {verb}: {error.strerror}.",
        where=str(path),
        next_step="Free some space on that disk, then run again; nothing was half-written."
        if full
        else f"See `ls -ld '{path}' '{path.parent}'`, put it right, then run again.",
    )
