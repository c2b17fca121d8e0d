"""A database's address and login, as each reader takes them. Its answers need a real server."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

from ansible.module_utils.groundwork.migrations.alembic_run import AlembicRun
from ansible.module_utils.groundwork.migrations.database import Database

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
