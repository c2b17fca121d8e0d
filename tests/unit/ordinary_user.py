"""What an ordinary user may do: root isn't stopped by modes, so a child steps down."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

NOBODY = 65534
Result = TypeVar("Result")


def as_ordinary_user(directory: Path, work: Callable[[], Result]) -> Result:
    """`work()`'s result, or what it raised, as a user who owns `directory` (a `tmp_path`)."""
    if os.geteuid() != 0:
        return work()
    for each in (directory, *directory.rglob("*")):
        if each.lstat().st_uid == 0:
            os.chown(each, NOBODY, NOBODY, follow_symlinks=False)
    for parent in directory.parents[:2]:  # pytest's own, root's alone
        parent.chmod(0o755)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            answer: tuple[str, object] = ("result", work())
        except BaseException as error:
            answer = ("error", error)
        with os.fdopen(writer, "wb") as file:
            pickle.dump(answer, file)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        kind, value = pickle.load(file)
    os.waitpid(child, 0)
    if kind == "error":
        raise value
    return value
