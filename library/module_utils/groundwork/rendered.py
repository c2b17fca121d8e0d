"""Files that the project renders: as they should be beside as they are, shown without secrets."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from . import dotenv, files
from .files import Found
from .records import Record
from .text import MASK, masked

_PRIVATE = 0o700  # the mode of a private file's directory
_SECRET_LINE = re.compile(r"PASSWORD|SECRET|TOKEN|SALT|_KEY=|_ACL=|_CONFIG=|_CHECKSUM=", re.I)


@dataclass(frozen=True)
class WantedFile:
    """A file as it should be. `block`: only the managed block is ours (env files).

    `last`: the block comes after a person's own lines, so that it wins. `private`: the file is in
    a directory that its owner alone may enter, and its text is never shown. `hidden` are the
    variables whose values are never shown.
    """

    path: Path
    text: str = field(repr=False)
    mode: int
    block: bool = False
    last: bool = False
    private: bool = False
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True)
class FileState:
    """A file as it is against how it should be.

    `status` is in_sync, changed or missing; `before` its text now, `after` its text as wanted,
    neither to be shown unmasked (see `diff`).
    """

    wanted: WantedFile
    status: str
    before: str = field(repr=False)
    after: str = field(repr=False)


def compare(wanted: WantedFile, found: Found) -> FileState:
    """A file as it should be beside the file as it is."""
    after = wanted.text
    if wanted.block:
        after = dotenv.merge(found.text or "", wanted.text, wanted.last)
    if found.text is None:
        return FileState(wanted, "missing", "", after)
    same = found.text == after and found.mode == wanted.mode
    if wanted.private:
        same = same and found.directory_mode == _PRIVATE
    return FileState(wanted, "in_sync" if same else "changed", found.text, after)


def statuses(states: Iterable[FileState]) -> dict[str, str]:
    """The status on each file, by path; a private directory's files are one, by its path."""
    found: dict[str, str] = {}
    for state in states:
        wanted = state.wanted
        path = str(wanted.path.parent if wanted.private else wanted.path)
        same = found.get(path, state.status) == state.status
        found[path] = state.status if same else "changed"
    return found


_ACTIONS = {"missing": "created", "changed": "updated", "in_sync": "unchanged"}


@dataclass(frozen=True)
class FileAction(Record):
    """What is done to a file: created, updated or unchanged."""

    path: str
    action: str


@dataclass(frozen=True)
class FilesResult(Record):
    """A module's result. `made` and `new_passwords` are secrets' variables: those that are new, and
    those whose databases may not have them yet; `tunnel` is the command that opens an SSH tunnel.
    """

    files: tuple[FileAction, ...] = ()
    made: tuple[str, ...] = ()
    new_passwords: tuple[str, ...] = ()
    tunnel: str = ""


def actions(states: Iterable[FileState]) -> tuple[FileAction, ...]:
    """What writing them does to each file."""
    found = statuses(states)
    return tuple(FileAction(path, _ACTIONS[status]) for path, status in found.items())


def changing(states: Iterable[FileState]) -> list[FileState]:
    """Those that have to be written, all of which can be. Raises GroundworkError."""
    found = [state for state in states if state.status != "in_sync"]
    for state in found:
        files.check_writable(state.wanted.path)
    return found


def write(state: FileState) -> None:
    """Make a file what it should be. Raises GroundworkError."""
    wanted = state.wanted
    files.write(wanted.path, state.after, wanted.mode, _PRIVATE if wanted.private else None)


def diff(state: FileState, secrets: Iterable[str]) -> dict[str, str]:
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


def _without_own(text: str, wanted: WantedFile) -> str:
    if wanted.private:
        return MASK if text else ""
    if not wanted.block:
        return text
    own = set(dotenv.outside(text).splitlines())
    known = set(dotenv.parse(wanted.text))  # of a line that goes, nobody can say what it held
    lines = []
    for line in text.splitlines():
        name, sign, _ = line.partition("=")
        hidden = line in own or _SECRET_LINE.search(line) or "://" in line
        hidden = hidden or name in wanted.hidden or name not in known
        lines.append(f"{name}{sign}{MASK}" if sign and hidden else line)
    return "\n".join(lines)
