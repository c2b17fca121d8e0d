"""A database's address and login, as each reader takes them. Its answers need a real server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from ansible.module_utils.groundwork.migrations import database as databases
from ansible.module_utils.groundwork.migrations.alembic_run import AlembicRun
from ansible.module_utils.groundwork.migrations.database import Database, Unreachable
from ansible.module_utils.groundwork.services import Chosen, Endpoint, ProbeError

SECRET = "p@ss w/\\ü"
DATABASE = Database("db.example.com", 5432, "app", "data", SECRET, "verify-full", "/etc/ca.pem")
SETUP = {"login": DATABASE.login(), "options": DATABASE.options()}


def test_the_password_is_in_no_text_about_it() -> None:
    assert SECRET not in f"{DATABASE} {DATABASE!r}"
    for form in (SECRET, quote(SECRET, safe=""), quote_plus(SECRET)):
        assert form not in DATABASE.masked(f"no way in with {form}")


def test_psycopg_sqlalchemy_and_the_environment_get_the_same_login() -> None:
    url = AlembicRun({**SETUP, "drivers": ["psycopg"]})._url()
    assert (url.host, url.port, url.username, url.database) == (
        *("db.example.com", 5432, "app", "data"),
    )
    assert url.password == SECRET
    assert url.query["sslmode"] == DATABASE.options()["sslmode"] == "verify-full"
    assert AlembicRun({**SETUP, "drivers": []})._url().drivername == "postgresql"
    variables = DATABASE.variables()
    assert (variables["PGPASSWORD"], variables["PGSSLROOTCERT"]) == (SECRET, "/etc/ca.pem")
    plain = Database("x", 1, "app", "data", SECRET)
    assert "PGSSLMODE" not in plain.variables()
    assert "sslmode" not in plain.options()


SEVERAL = replace(DATABASE, host="a:5432,[fd00::5]:5433,c:5432")


def test_several_hosts_are_settled_to_one_for_all_that_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert DATABASE.settled() is DATABASE
    asked = []

    def primary(where: Endpoint, login: dict[str, Any], timeout: float) -> Chosen:
        asked.append((where, login["dbname"], login["sslmode"], timeout))
        return Chosen(where.each[1])

    monkeypatch.setattr(databases, "primary", primary)
    one = SEVERAL.settled()
    where = Endpoint.of([("a", 5432), ("fd00::5", 5433), ("c", 5432)])
    assert asked == [(where, "data", "verify-full", 10)]
    assert (one.host, one.port, one.settled()) == ("fd00::5", 5433, one)
    assert one.key == SEVERAL.key == str(SEVERAL) != str(one)
    # A standby by the time of a connection refuses it
    assert one.options()["target_session_attrs"] == "read-write"
    url = AlembicRun(
        {"login": one.login(), "options": one.options(), "drivers": ["psycopg"]}
    )._url()
    assert url.query["target_session_attrs"] == "read-write"
    assert one.variables()["PGTARGETSESSIONATTRS"] == "read-write"
    assert "target_session_attrs" not in DATABASE.options()


def test_the_client_librarys_variables_know_several_hosts() -> None:
    variables = SEVERAL.variables()
    assert (variables["PGHOST"], variables["PGPORT"]) == ("a,fd00::5,c", "5432,5433,5432")
    assert variables["PGTARGETSESSIONATTRS"] == "read-write"
    assert "PGTARGETSESSIONATTRS" not in DATABASE.variables()


def test_none_that_takes_writes_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def primary(*given: Any) -> Chosen:
        raise ProbeError(f"none takes writes; {SECRET}")

    monkeypatch.setattr(databases, "primary", primary)
    with pytest.raises(Unreachable, match="none takes writes") as caught:
        SEVERAL.connect()
    assert SECRET not in str(caught.value)
    assert "a:5432,[fd00::5]:5433,c:5432" in str(caught.value)
