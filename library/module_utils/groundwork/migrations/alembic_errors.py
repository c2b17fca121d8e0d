"""What an error inside a tree's code tells, as plain data.

Goes to the app's interpreter with `alembic_run`: the standard library alone, Python 3.8 or newer.
Nothing here shows what may hold a password; who reads it masks that.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class OtherDatabase(Exception):
    """env.py's connection leads to another database than the inventory's: `found` says which."""

    def __init__(self, found: str) -> None:
        super().__init__("env.py connects to another database than the inventory's")
        self.found = found


class MissingLibrary(Exception):
    """Alembic or SQLAlchemy isn't there, or too old."""

    def __init__(self, name: str, why: str = "is not installed") -> None:
        super().__init__(f"{name} {why}")
        self.name = name


class Stopped(Exception):
    """Who asked for the run refused it, once it knew where the database is."""


def facts_of(error: BaseException, directories: Sequence[str]) -> dict[str, Any]:
    """An error as JSON can carry it. `directories`: whose files are the tree's own code.

    `type`, `message` (one line); `place` (`file:line` in the tree), `sqlstate`, `statement` and
    `details` (pairs) where there are any; `module` that an import lacks; `library`, Alembic's or
    SQLAlchemy's name; `database`, where env.py's connection led instead.
    """
    driver = _driver_error(error)
    statement = getattr(error, "statement", None)
    return {
        "type": type(error).__name__,
        "message": _message(error, driver, directories),
        "place": place(error, directories),
        "sqlstate": _sqlstate(driver),
        "statement": statement if isinstance(statement, str) else "",
        "details": _details(driver),
        "module": (error.name or "") if isinstance(error, ModuleNotFoundError) else "",
        "library": error.name if isinstance(error, MissingLibrary) else "",
        "database": error.found if isinstance(error, OtherDatabase) else "",
    }


def place(error: BaseException, directories: Sequence[str]) -> str:
    """`file:line` of the deepest code of the tree that an error came through, or nothing."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frame = _frame(error, directories)
    return f"{frame.filename}:{frame.lineno}" if frame else ""


def _frame(error: BaseException, directories: Sequence[str]) -> traceback.FrameSummary | None:
    own = [Path(directory).resolve() for directory in directories]
    found = None
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename).resolve()
        if any(directory in path.parents for directory in own):
            found = frame
    return found


def _message(
    error: BaseException,
    driver: BaseException | None,
    directories: Sequence[str],
) -> str:
    if driver is not None:
        diag = getattr(driver, "diag", None)
        said = getattr(diag, "message_primary", None) or getattr(driver, "message", None)
        return str(said or (str(driver).splitlines() or ["the database driver failed"])[0])
    text = " ".join(str(error).split())
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    if isinstance(error, SystemExit):
        return f"it ended itself (exit {text})"
    if isinstance(error, AssertionError) and not text:
        frame = _frame(error, directories)
        text = (frame.line or "") if frame else ""
    # Alembic's own refusals are sentences; of other errors the name is half of the message.
    if type(error).__name__ in ("CommandError", "OtherDatabase", "MissingLibrary"):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _driver_error(error: BaseException) -> BaseException | None:
    """The database driver's error, bare or inside SQLAlchemy's; of asyncpg the server's own."""
    original = getattr(error, "orig", None)
    found = original if isinstance(original, BaseException) else error
    cause = found.__cause__
    if cause is not None and hasattr(cause, "sqlstate") and hasattr(cause, "message"):
        return cause
    if original is not None or (hasattr(found, "diag") or hasattr(found, "sqlstate")):
        return found
    return None


def _sqlstate(driver: BaseException | None) -> str:
    return str(getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None) or "")


def _details(driver: BaseException | None) -> list[list[str]]:
    diag = getattr(driver, "diag", None)
    names = {"Detail": "message_detail", "Hint": "message_hint", "Context": "context"}
    if diag is None:  # asyncpg
        diag, names = driver, {"Detail": "detail", "Hint": "hint", "Context": "context"}
    values = {name: getattr(diag, attribute, None) for name, attribute in names.items()}
    return [[name, " ".join(str(value).split())] for name, value in values.items() if value]
