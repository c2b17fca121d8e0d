"""The module's parameters, and what a tree finds in its environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations.parameters import database_of, request_of

PARAMS: dict[str, Any] = {
    "host": "127.0.0.1",
    "port": 5432,
    "user": "app",
    "database": "shop",
    "connect_timeout": 5,
    "password": "hunter2",
    "password_variable": None,
    "env_file": None,
    "sslmode": None,
    "sslrootcert": None,
    "tree": "shop",
    "python": ["python3"],
    "start_directory": None,
    "schema_dir": "/x/alembic",
    "alembic_ini": None,
    "version_table_file": None,
    "directory": None,
    "environment": {},
    "app_env_file": None,
    "url_scheme": "",
    "timeout": 0,
    "url_variable": "",
    "target": "head",
    "lock_wait": 60,
    "lock_timeout": 10,
}


def asked(check: bool = False, **more: Any) -> Any:
    params = {**PARAMS, **more}
    return request_of(params, database_of(params), check, False)


def test_the_apps_lines_are_exported_and_the_login_wins(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("DATABASE_URL=postgresql://x\nPGHOST=elsewhere\nREDIS_PASSWORD=s3cret\n")
    given = {"POSTGRES_SERVER": "$PGHOST", "URL": "${DATABASE_URL}?a=$$1"}
    request, secrets = asked(app_env_file=str(file), environment=given)
    found = request.variables
    assert (found["PGHOST"], found["PGPASSWORD"]) == ("127.0.0.1", "hunter2")
    assert found["DATABASE_URL"] == "postgresql://x"
    assert (found["POSTGRES_SERVER"], found["URL"]) == ("127.0.0.1", "postgresql://x?a=$1")
    assert secrets == {"s3cret"}
    assert request.interpreter.command == ("python3",)


def test_what_everybody_sees_is_no_secret_but_the_databases_own_is(tmp_path: Path) -> None:
    (tmp_path / "polar").mkdir()
    file = tmp_path / "polar" / ".env"
    file.write_text("A_PWD=polar\nB_PWD=other\nC_PWD=hunter2\nD_PWD=app\n")
    assert asked(app_env_file=str(file))[1] == {"other", "hunter2"}


def test_the_address_may_be_had_as_one_line() -> None:
    line = asked(url_variable="DATABASE_URL")[0].variables["DATABASE_URL"]
    assert line == "postgresql://app:hunter2@127.0.0.1:5432/shop"
    secure = {"sslmode": "verify-full", "sslrootcert": "/a b/ca.crt", "password": "a/b"}
    line = asked(url_variable="A", **secure)[0].variables["A"]
    assert line.endswith("/shop?sslmode=verify-full&sslrootcert=/a%20b/ca.crt")
    assert ":a%2Fb@" in line
    line = asked(url_variable="A", url_scheme="postgresql+asyncpg", **secure)[0].variables["A"]
    assert line.startswith("postgresql+asyncpg://")
    assert line.endswith("/shop?ssl=verify-full")


@pytest.mark.parametrize(
    ("value", "words"),
    [("$PGHOTS", "there is no $PGHOTS. Did you mean 'PGHOST'?"), ("a$", "environment.A: a$")],
)
def test_what_stands_for_nothing_is_refused(value: str, words: str) -> None:
    with pytest.raises(GroundworkError) as caught:
        asked(environment={"A": value})
    assert words in str(caught.value)
    assert "$$" in caught.value.next_step


def test_a_file_that_is_not_there_is_no_matter_in_a_check(tmp_path: Path) -> None:
    missing = str(tmp_path / ".env")
    assert asked(check=True, app_env_file=missing)[1] == set()
    with pytest.raises(GroundworkError, match="can't be read: No such file"):
        asked(app_env_file=missing)


def test_a_password_comes_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("POSTGRES_PASSWORD=abc\n")
    where = {"password": None, "env_file": str(file), "password_variable": "POSTGRES_PASSWORD"}
    assert database_of(PARAMS | where).password == "abc"
    with pytest.raises(GroundworkError, match="has no OTHER"):
        database_of(PARAMS | where | {"password_variable": "OTHER"})
