"""What a failure inside a tree's code becomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.migrations.alembic_run import AlembicRun
from ansible.module_utils.groundwork.migrations.database import Database
from ansible.module_utils.groundwork.migrations.errors import describe, trimmed
from ansible.module_utils.groundwork.migrations.layout import find_layout
from ansible.module_utils.groundwork.migrations.runner import AlembicTree

DATABASE = Database("127.0.0.1", 5432, "app", "app", "hunter2")


def tree(directory: Path, step: dict[str, Any] | None = None) -> AlembicTree:
    """A tree in whose code, or in the step of which, something failed."""
    found = AlembicTree(find_layout(directory), DATABASE)
    found._run = AlembicRun({})
    found._run.running = step
    return found


def raised(file: Path, code: str) -> Exception:
    """What that code raises as a file's."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(code)
    try:
        exec(compile(code, file, "exec"), {})
    except Exception as error:
        return error
    raise AssertionError("it raised nothing")


def test_it_names_revision_file_and_line_and_never_the_password(tmp_path: Path) -> None:
    (tmp_path / "env.py").touch()
    file = tmp_path / "versions" / "a1.py"
    error = raised(file, "x = 1\nraise ValueError('no hunter2')\n")
    step = {"revision": "a1", "file": str(file), "message": "add users", "direction": "up"}
    found = describe(error, tree(tmp_path, step))
    assert found.what.startswith("Revision a1 (add users) could not be applied: ValueError: no ")
    assert found.where == f"{file}:2"
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ('password authentication failed for user "shop"', True),
        ("[Errno 111] Connect call failed ('127.0.0.1', 5432)", True),
        ("connection to server at 127.0.0.1, port 5432 failed: Connection refused", True),
        ("no such table", False),
    ],
)
def test_a_login_that_fails_says_how_settings_get_the_address(
    tmp_path: Path, message: str, named: bool
) -> None:
    env = tmp_path / "env.py"
    error = raised(env, f"raise ValueError({message!r})")
    assert ("`lines` of the app" in describe(error, tree(tmp_path)).next_step) is named
    step = {"revision": "a1", "file": str(env), "message": "", "direction": "up"}
    assert "`lines`" not in describe(error, tree(tmp_path, step)).next_step


def test_an_extension_that_wants_a_superuser_is_named_in_the_inventory(tmp_path: Path) -> None:
    (tmp_path / "env.py").touch()
    code = """
from sqlalchemy.exc import ProgrammingError
class Denied(Exception):
    sqlstate = "42501"
raise ProgrammingError("create  extension vector", {}, Denied("permission denied"))
"""
    error = raised(tmp_path / "versions/a1.py", code)
    assert "stack_services" in describe(error, tree(tmp_path)).next_step
    other = raised(tmp_path / "versions/a1.py", code.replace("extension", "role"))
    assert describe(other, tree(tmp_path)).next_step == "Correct the file, then run again."


def test_a_library_that_env_py_lacks_is_to_be_installed(tmp_path: Path) -> None:
    error = raised(tmp_path / "env.py", "import no_such_library\n")
    found = describe(error, tree(tmp_path))
    assert "The Alembic tree can't be run" in found.what
    assert found.next_step.startswith("Install what the tree imports")


def test_a_statement_fits_a_screen_and_shows_no_password() -> None:
    statement = "\n".join(["  CREATE ROLE x PASSWORD 'a''b'", *["    -- more"] * 20])
    first, second, *_, last = trimmed(statement)
    assert first == "CREATE ROLE x PASSWORD '********'"
    assert second == "  -- more"
    assert last == "… 9 more lines"


@pytest.mark.parametrize(
    "said",
    [
        "consuming input failed: SSL error: unexpected eof while reading",
        "consuming input failed: server closed the connection unexpectedly",
        "connection was closed in the middle of operation",
    ],
)
def test_a_server_that_went_away_is_no_fault_of_the_file(tmp_path: Path, said: str) -> None:
    (tmp_path / "env.py").touch()
    code = f"""import psycopg, sqlalchemy
raise sqlalchemy.exc.OperationalError("SELECT 1", {{}}, psycopg.OperationalError({said!r}))
"""
    error = raised(tmp_path / "versions" / "a1.py", code)
    step = {"revision": "a1", "file": "a1.py", "message": "", "direction": "up"}
    found = describe(error, tree(tmp_path, step))
    assert said in found.what
    assert found.next_step.startswith("The server went away in the middle")
