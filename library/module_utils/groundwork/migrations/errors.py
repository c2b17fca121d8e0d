"""What a failed migration tells: the revision, its file and line, the SQL, PostgreSQL's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import GroundworkError
from ..text import MASK, shortened
from .alembic_errors import facts_of
from .database import LOCK_TIMEOUT, Database, lock_holders, missing_library
from .foreign import TreeFailed
from .runner import AlembicTree, project_directories

READ_ONLY, NOT_ALLOWED = "25006", "42501"
# Shut down by an administrator, crashed, not up yet; the connection itself
_GONE = ("57P01", "57P02", "57P03", "08")
_LOST = re.compile(
    r"server closed the connection|unexpected eof|connection (was|is) (lost|closed)|reset by peer",
    re.IGNORECASE,
)

_LINES, _WIDTH = 12, 160
_SECRET = re.compile(r"(\bpassword\s+)'(?:[^']|'')*'", re.IGNORECASE)


_EXTENSION = (
    "Only a superuser may make this extension, and the app's role is none. Name it in "
    "`extensions` of the service in stack_services: the run makes it before Alembic "
    "(docs/postgres.md). In an external database, let its administrator make it."
)

_ELSEWHERE = (
    "env.py logs in where the app's own settings lead. Hand the inventory's address over under the "
    "names that they read: `lines` of the app in env_files_apps, or `environment` of the tree in "
    "schema_trees. A line of your own in the app's env file wins over Groundwork's (the summary "
    "names those). Then run again."
)
_NO_LOGIN = re.compile(
    r"password authentication failed|connection refused|no password supplied|"
    r"Connect call failed|could not translate host name",
    re.IGNORECASE,
)


def describe(error: BaseException, alembic: AlembicTree) -> GroundworkError:
    """Any failure inside a tree's code, as one that a user may see."""
    if isinstance(error, GroundworkError):
        return error
    layout, database, step = alembic.layout, alembic.database, alembic.running
    directories = [str(each) for each in project_directories(layout)]
    facts = error.facts if isinstance(error, TreeFailed) else facts_of(error, directories)
    if facts["library"]:
        return _without_library(facts, alembic)
    env = str(layout.schema_dir / "env.py")
    if facts["database"]:
        return _other_database(facts["database"], alembic.identity, env)
    if step is None:
        what = f"The Alembic tree can't be run: {facts['message']}"
    else:
        name = f"Revision {step.revision}" + (f" ({step.message})" if step.message else "")
        verb = "applied" if step.direction == "up" else "taken back"
        what = f"{name} could not be {verb}: {facts['message']}"
    details: list[str] = []
    if facts["statement"]:
        details += ["SQL:", *(f"  {line}" for line in trimmed(facts["statement"]))]
    details += [f"{label}: {text}" for label, text in facts["details"]]
    next_step = _EXTENSION if _wants_extension(facts) else "Correct the file, then run again."
    if facts["sqlstate"] == LOCK_TIMEOUT:
        details += _holders(database, facts["statement"])
        next_step = (
            "End the session that holds the lock, or wait for it, then run again. The wait is "
            "short (lock_timeout) since everybody else's queries queue up behind a migration's."
        )
    elif facts["sqlstate"] == READ_ONLY and step is None:
        next_step = (
            "A check runs env.py without letting it write, and this one writes before it runs "
            "migrations. Run without --check, or let env.py write only what isn't there yet."
        )
    elif facts["sqlstate"].startswith(_GONE) or _LOST.search(facts["message"]):
        next_step = (
            "The server went away in the middle: it was stopped, or a failover made another one "
            "the primary. See that it is up, then run again, which begins with what didn't stay."
        )
    elif facts["type"] == "ModuleNotFoundError":
        next_step = _install(alembic)
    elif step is None and _NO_LOGIN.search(facts["message"]):
        next_step = _ELSEWHERE
    if step is None and layout.ini is None and layout.toml is None:
        details.append(
            f"No alembic.ini or pyproject.toml in {layout.schema_dir} or above it names this tree "
            "as its script_location; schema_alembic_ini names one that is elsewhere (alembic_ini "
            "in schema_trees)."
        )
    return GroundworkError(
        database.masked(what),
        where=facts["place"] or (step.file if step else env),
        details=[database.masked(line) for line in details],
        next_step=next_step,
    )


def _wants_extension(facts: Mapping[str, Any]) -> bool:
    words = " ".join(facts["statement"].upper().split())
    return facts["sqlstate"] == NOT_ALLOWED and "CREATE EXTENSION" in words


def _without_library(facts: Mapping[str, Any], alembic: AlembicTree) -> GroundworkError:
    if alembic.interpreter is None:
        return missing_library(facts["library"])
    return GroundworkError(
        f"The tree's Python can't run Alembic: {facts['message']}.",
        where=f"{alembic.interpreter}, in {alembic.interpreter.directory}",
        next_step="Install the app's packages there (uv sync, poetry install, pip install -r …), "
        "or correct the tree's python in schema_trees. Nothing was changed.",
    )


def _other_database(found: str, wanted: str, env: str) -> GroundworkError:
    return GroundworkError(
        "env.py connects to another database than the inventory's, so nothing was run.",
        where=env,
        details=[f"env.py: {found}", f"inventory: {wanted or 'unknown'}"],
        next_step="Let env.py use sqlalchemy.url or config.attributes['connection'], "
        "which hold the inventory's database, or correct the address that it reads (the tree's "
        "env_app and environment in schema_trees hand it over).",
    )


def _install(alembic: AlembicTree) -> str:
    if alembic.interpreter is None:
        return (
            f"Install what the tree imports for the Python that runs it ({alembic.python}), name "
            "the app's own as the tree's python (schema_trees), or name the directory that has "
            "it: prepend_sys_path in alembic.ini."
        )
    return (
        f"Install what the tree imports for its Python ({alembic.python}), or name the directory "
        "that has it: prepend_sys_path in alembic.ini, or working_directory in schema_trees."
    )


def trimmed(statement: str) -> list[str]:
    """A statement for the screen: passwords masked, at most 12 lines of 160 characters."""
    lines = [line.rstrip() for line in _SECRET.sub(rf"\1'{MASK}'", statement).splitlines()]
    lines = [line for line in lines if line.strip()]
    indent = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    shown = [line[indent:] for line in lines[:_LINES]]
    shown = [shortened(line, _WIDTH) for line in shown]
    left = len(lines) - len(shown)
    return [*shown, f"… {left} more lines"] if left else shown


def _holders(database: Database, statement: str) -> list[str]:
    try:
        with database.connect() as connection:
            found = lock_holders(connection, statement)
    except Exception:
        found = []  # the first error is the one to show
    return found or ["Who held the lock has let it go meanwhile."]
