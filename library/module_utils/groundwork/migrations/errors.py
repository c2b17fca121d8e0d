"""What a failed migration tells: the revision, its file and line, the SQL, PostgreSQL's words."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from ..errors import GroundworkError
from ..text import MASK, shortened
from .database import LOCK_TIMEOUT, Database, lock_holders
from .layout import Layout
from .runner import project_directories
from .tree import Step

READ_ONLY = "25006"

_LINES, _WIDTH = 12, 160
_SECRET = re.compile(r"(\bpassword\s+)'(?:[^']|'')*'", re.IGNORECASE)


def describe(
    error: BaseException, step: Step | None, layout: Layout, database: Database
) -> GroundworkError:
    """Any failure inside a tree's code, as one that a user may see."""
    if isinstance(error, GroundworkError):
        return error
    directories = project_directories(layout)
    state, statement = getattr(_driver_error(error), "sqlstate", None), _statement(error)
    file = step.file if step else str(directories[0] / "env.py")
    if step is None:
        what = f"The Alembic tree can't be run: {_message(error, directories)}"
    else:
        name = f"Revision {step.revision}" + (f" ({step.message})" if step.message else "")
        verb = "applied" if step.direction == "up" else "taken back"
        what = f"{name} could not be {verb}: {_message(error, directories)}"
    details: list[str] = []
    if statement:
        details += ["SQL:", *(f"  {line}" for line in trimmed(statement))]
    details += _driver_details(error)
    next_step = "Correct the file, then run again."
    if state == LOCK_TIMEOUT:
        details += _holders(database, statement)
        next_step = (
            "End the session that holds the lock, or wait for it, then run again. The wait is "
            "short (lock_timeout) since everybody else's queries queue up behind a migration's."
        )
    elif state == READ_ONLY and step is None:
        next_step = (
            "A check runs env.py without letting it write, and this one writes before it runs "
            "migrations. Run without --check, or let env.py write only what isn't there yet."
        )
    elif isinstance(error, ModuleNotFoundError):
        next_step = (
            f"Install what the tree imports for the Python that runs it ({sys.executable}), or "
            "name the directory that has it: prepend_sys_path in alembic.ini."
        )
    if step is None and layout.ini is None and layout.toml is None:
        details.append(
            f"No alembic.ini or pyproject.toml in {layout.schema_dir} or above it names this tree "
            "as its script_location; schema_alembic_ini names one that is elsewhere."
        )
    return GroundworkError(
        database.masked(what),
        where=place(error, directories) or file,
        details=[database.masked(line) for line in details],
        next_step=next_step,
    )


def place(error: BaseException, directories: Sequence[Path]) -> str:
    """`file:line` of the deepest code of the tree that an error came through, or nothing."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    own = [directory.resolve() for directory in directories]
    found = ""
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename).resolve()
        if any(directory in path.parents for directory in own):
            found = f"{frame.filename}:{frame.lineno}"
    return found


def trimmed(statement: str) -> list[str]:
    """A statement for the screen: passwords masked, at most 12 lines of 160 characters."""
    lines = [line.rstrip() for line in _SECRET.sub(rf"\1'{MASK}'", statement).splitlines()]
    lines = [line for line in lines if line.strip()]
    indent = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    shown = [line[indent:] for line in lines[:_LINES]]
    shown = [shortened(line, _WIDTH) for line in shown]
    left = len(lines) - len(shown)
    return [*shown, f"… {left} more lines"] if left else shown


def _message(error: BaseException, directories: Sequence[Path] = ()) -> str:
    driver = _driver_error(error)
    if driver is not None:
        primary = getattr(getattr(driver, "diag", None), "message_primary", None)
        return str(primary or (str(driver).splitlines() or ["the database driver failed"])[0])
    text = " ".join(str(error).split())
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    if isinstance(error, SystemExit):
        return f"it ended itself (exit {text})"
    if isinstance(error, AssertionError) and not text:
        text = _source(error, directories)
    # Alembic's own refusals are sentences; of other errors the name is half of the message.
    if type(error).__name__ == "CommandError":
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _source(error: BaseException, directories: Sequence[Path]) -> str:
    """The line of the tree's code that an error came from."""
    number = place(error, directories).rpartition(":")[2]
    frames = [f for f in traceback.extract_tb(error.__traceback__) if str(f.lineno) == number]
    return frames[-1].line or "" if frames else ""


def _driver_error(error: BaseException) -> BaseException | None:
    """The database driver's error, bare or inside SQLAlchemy's."""
    original = getattr(error, "orig", None)
    if isinstance(original, BaseException):
        return original
    return error if hasattr(error, "sqlstate") and hasattr(error, "diag") else None


def _statement(error: BaseException) -> str:
    statement = getattr(error, "statement", None)
    return statement if isinstance(statement, str) else ""


def _driver_details(error: BaseException) -> list[str]:
    diag = getattr(_driver_error(error), "diag", None)
    names = {"Detail": "message_detail", "Hint": "message_hint", "Context": "context"}
    values = {name: getattr(diag, attribute, None) for name, attribute in names.items()}
    return [f"{name}: {' '.join(value.split())}" for name, value in values.items() if value]


def _holders(database: Database, statement: str) -> list[str]:
    try:
        with database.connect() as connection:
            found = lock_holders(connection, statement)
    except Exception:
        found = []  # the first error is the one to show
    return found or ["Who held the lock has let it go meanwhile."]
