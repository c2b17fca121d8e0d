"""Whether git would take a file with secrets along. Only asked before such a file is written."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from ..environment import seen
from ..errors import GroundworkError
from ..rendered import FileState

# Beside infra/.env, in a block of its own: it ignores itself too, and lines below it win
IGNORED = """\
.env
.secrets/
.new-passwords
.filling
.lock
*.crt
docker-compose.yml
volumes.json
migration.json
.gitignore
"""


def check_unseen(changing: Iterable[FileState], covered: bool = False) -> None:
    """Raise GroundworkError for a file with secrets that git has or would add.

    `covered`: a .gitignore of ours comes with them, so only what git has already counts.
    """
    for path in (state.wanted.path for state in changing if not state.wanted.mode & 0o004):
        how = _seen(path.resolve())
        if how == "tracked":
            raise GroundworkError(
                f"{path} gets passwords, and git keeps that file: they would be committed.",
                where=str(path),
                next_step=f"`git -C '{path.parent}' rm --cached '{path.name}'` takes it out of "
                f"git and leaves it on the disk. {_line_to_add(path)} Passwords that were "
                "committed before have to be renewed (playbooks/rotate.yml).",
            )
        if how and not covered:
            raise GroundworkError(
                f"{path} gets passwords, and git doesn't ignore it: `git add` would take them.",
                where=str(path),
                next_step=_line_to_add(path),
            )


def _line_to_add(path: Path) -> str:
    return f"Add the line `{path.name}` to {path.parent / '.gitignore'}, then run again."


def _seen(path: Path) -> str:
    """`tracked`, `untracked`, or `""` where git ignores it, or there is none."""
    directory = next(parent for parent in path.parents if parent.is_dir())
    if _git(directory, "check-ignore", "--quiet", str(path)) != 1:
        return ""
    tracked = _git(directory, "ls-files", "--error-unmatch", "--", str(path)) == 0
    return "tracked" if tracked else "untracked"


def _git(directory: Path, *arguments: str) -> int:
    """Its exit code; 128 where it can't be asked."""
    # A repository that belongs to another user is one all the same
    command = ["git", "-c", "safe.directory=*", "-C", str(directory), *arguments]
    try:
        done = subprocess.run(
            command,
            env=seen(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return 128
    return done.returncode
