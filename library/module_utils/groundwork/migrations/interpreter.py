"""The app's own interpreter: how it is started, and what it is given to run."""

from __future__ import annotations

import inspect
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .. import environment
from ..errors import GroundworkError
from . import alembic_errors, alembic_run, alembic_server

_PROGRAM = (alembic_errors, alembic_run, alembic_server)
_PACKAGE = "groundwork_alembic"
# The directory that it is started in must not lend its files to the imports
_START = f"""import sys
if sys.path[:1] == [""]: del sys.path[0]
import json, os, types
line = b""
while not line.endswith(b"\\n"):
    more = os.read(0, 1)
    if not more: sys.exit(1)
    line += more
given = json.loads(line)
package = sys.modules[{_PACKAGE!r}] = types.ModuleType({_PACKAGE!r})
package.__path__ = []
for name, source in given.pop("program"):
    module = types.ModuleType({_PACKAGE!r} + "." + name)
    module.__package__ = {_PACKAGE!r}
    sys.modules[module.__name__] = module
    exec(compile(source, "groundwork/" + name + ".py", "exec"), module.__dict__)
module.serve(given)"""


@dataclass(frozen=True)
class Interpreter:
    """A Python, or a command that runs one; the directory it is started in; seconds it may take in
    all, 0 for any."""

    command: tuple[str, ...]
    directory: Path
    limit: float = 0
    name: str = ""  # of the inventory's entry, for errors

    def __str__(self) -> str:
        """As a person would type it."""
        return " ".join(self.command)


def program() -> list[tuple[str, str]]:
    """What runs there: each module's name and text."""
    return [(each.__name__.rpartition(".")[2], inspect.getsource(each)) for each in _PROGRAM]


def outside() -> dict[str, str]:
    """What the app's programs see of this process's environment, less what is our Python's."""
    # Ours, where this process was started from an activated one: `uv run` warns of it
    own = ("VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "__PYVENV_LAUNCHER__", "PYTHONHOME")
    return {name: value for name, value in environment.seen().items() if name not in own}


def start(
    interpreter: Interpreter, variables: Mapping[str, str], log: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start it, waiting for its program; what it prints goes to `log`. Raises GroundworkError."""
    try:
        return subprocess.Popen(
            [*interpreter.command, "-c", _START],
            cwd=interpreter.directory,
            env={**outside(), **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    except OSError as error:
        raise _missing(interpreter, error) from None


def _missing(interpreter: Interpreter, error: OSError) -> GroundworkError:
    """Why an interpreter or command can't be started."""
    program, near = interpreter.command[0], None
    if not interpreter.directory.is_dir():
        what = f"The tree's Python can't be started in {interpreter.directory}: no such directory."
    elif os.sep in program:
        what = f"There is no Python at {program}: {error.strerror}."
        near = _nearest(Path(program))
    else:
        what = f"There is no command {program!r} here."
    next_step = (
        "Make the app's environment (uv sync, poetry install, pip install -r …), or correct the "
        "tree's python. Nothing was changed."
    )
    if near:
        next_step = f"There is one at {near}: name it as the tree's python. Nothing was changed."
    return GroundworkError(
        what, where=f"schema_trees: {interpreter.name or interpreter}", next_step=next_step
    )


def _nearest(program: Path) -> Path | None:
    """The Python of the next virtual environment above: a workspace of uv has one for all."""
    places = (each / ".venv" / "bin" / "python" for each in program.parents[:6])
    return next((each for each in places if each.exists() and each != program), None)
