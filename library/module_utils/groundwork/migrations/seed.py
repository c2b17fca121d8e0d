"""A database filled after its migrations, by the app's own command."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ..errors import GroundworkError
from .database import Database
from .interpreter import outside
from .output import tail

_PYTHONS = ("python", "python3")


def command_of(
    seed: Sequence[str], python: Sequence[str], variables: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """The command and its variables, as in the app's activated virtual environment.

    `python` as first word is the tree's; `python` is empty where that has none of its own.
    """
    first, *rest = seed
    words = [*python, *rest] if python and first in _PYTHONS else [first, *rest]
    found = dict(variables)
    if python and os.sep in python[0] and len(python) == 1:
        place = Path(python[0]).parent
        found["PATH"] = f"{place}{os.pathsep}{outside().get('PATH', os.defpath)}"
        if (place.parent / "pyvenv.cfg").is_file():
            found["VIRTUAL_ENV"] = str(place.parent)
    return words, found


def run_seed(
    database: Database,
    seed: Sequence[str],
    python: Sequence[str],
    directory: Path,
    variables: Mapping[str, str],
    limit: float = 0,
) -> str:
    """Run the command; what it printed, without the password. `limit`: seconds, 0 for any.

    Raises GroundworkError where it can't be started, or fails.
    """
    words, more = command_of(seed, python, {**database.variables(), **variables})
    where = f"{' '.join(words)}, in {directory}"
    with tempfile.TemporaryFile("a+b") as log:
        try:
            process = subprocess.Popen(
                words,
                cwd=directory,
                env={**outside(), **more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise GroundworkError(
                f"The seed can't be started: {error.strerror}.",
                where=where,
                next_step="Correct the tree's seed (the first word is a program, `python` is the "
                "tree's own).",
            ) from None
        try:
            code = process.wait(limit or None)
        except subprocess.TimeoutExpired:
            raise GroundworkError(
                f"The seed was ended after {limit:g} s (schema_timeout).",
                where=where,
                details=database.masked(tail(log)).splitlines()[-10:],
                next_step="Give it more time (schema_timeout, 0 for any).",
            ) from None
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        printed = database.masked(tail(log)).strip()
    if code:
        raise GroundworkError(
            f"The seed failed (exit status {code}).",
            where=where,
            details=printed.splitlines()[-10:],
            next_step="Correct what it says.",
        )
    return printed
