"""What is told of an error, whichever library it comes from."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ansible.module_utils.groundwork.migrations.alembic_errors import (
    MissingLibrary,
    OtherDatabase,
    facts_of,
)


class DriverError(Exception):
    """As psycopg 2, psycopg 3 and SQLAlchemy have them: whatever attributes are given."""

    def __init__(self, message: str, **attributes: Any) -> None:
        super().__init__(message)
        self.__dict__.update(attributes)


def wrapped(original: Exception) -> Exception:
    return DriverError("(x.Error) much more", orig=original, statement="SELECT 1")


DIAG = SimpleNamespace(message_primary="no such table", message_detail="a  b", message_hint=None)


def test_psycopg_2_and_3_tell_the_same() -> None:
    two = facts_of(wrapped(DriverError("long\ntext", pgcode="42P01", diag=DIAG)), [])
    three = facts_of(wrapped(DriverError("long\ntext", sqlstate="42P01", diag=DIAG)), [])
    assert two == three
    assert (two["message"], two["sqlstate"], two["statement"]) == (
        *("no such table", "42P01", "SELECT 1"),
    )
    assert two["details"] == [["Detail", "a b"]]


def test_of_asyncpg_the_servers_own_words_are_told() -> None:
    original = DriverError("<class 'asyncpg.X'>: no such table", sqlstate="42P01", pgcode="42P01")
    cause = DriverError("no such table", sqlstate="42P01", detail=None, hint="try another")
    cause.__dict__["message"] = "no such table"
    original.__cause__ = cause
    found = facts_of(wrapped(original), [])
    assert (found["message"], found["sqlstate"]) == ("no such table", "42P01")
    assert found["details"] == [["Hint", "try another"]]


def test_a_login_that_fails_has_no_diagnosis() -> None:
    original = DriverError(
        "connection refused\nIs it running?", pgcode=None, diag=SimpleNamespace()
    )
    assert facts_of(wrapped(original), [])["message"] == "connection refused"


def test_what_the_tree_lacks_is_told_by_name() -> None:
    try:
        import no_such_library  # type: ignore[import-not-found]  # noqa: F401
    except ImportError as error:
        assert facts_of(error, [])["module"] == "no_such_library"
    assert facts_of(MissingLibrary("alembic"), [])["library"] == "alembic"
    assert facts_of(OtherDatabase("shop started 1"), [])["database"] == "shop started 1"


def test_an_assertion_without_a_word_shows_its_line(tmp_path: Path) -> None:
    file = tmp_path / "env.py"
    file.write_text("settings = None\nassert settings\n")
    try:
        exec(compile(file.read_text(), file, "exec"), {})
    except AssertionError as error:
        found = facts_of(error, [str(tmp_path)])
    assert (found["message"], found["place"]) == ("AssertionError: assert settings", f"{file}:2")
    assert facts_of(SystemExit(3), [])["message"] == "it ended itself (exit 3)"
