"""The SQL for roles, databases and grants. That it works is tests/integration's."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.host.postgres_script import identifier, script
from ansible.module_utils.groundwork.services import Service


def service(**options: Any) -> Service:
    entry = {"kind": "postgres", "image": "postgres:16-alpine", "port": 5432}
    return parse_services({"db": entry | options})[0]


def test_a_name_is_quoted() -> None:
    assert identifier('a"b') == '"a""b"'
    text = script(service(user="A$b", database="C"), {"A$b": "it's"}, {}, [])
    assert "CREATE ROLE \"A$b\" LOGIN PASSWORD ''it''''s'';" in text
    assert '\\connect "C"' in text


def test_the_owner_comes_last_so_that_it_says_that_all_was_done() -> None:
    text = script(service(), {}, {}, [])
    before, _, after = text.partition("ALTER DATABASE")
    assert "REVOKE CONNECT, TEMPORARY ON DATABASE" in before
    assert "\nBEGIN;" in before
    assert after.splitlines()[1:3] == ["COMMIT;", "\\endif"]


def test_who_has_an_old_password_is_logged_out_in_the_same_message() -> None:
    text = script(service(), {}, {"app": "verifier"}, [])
    assert "ALTER ROLE \"app\" PASSWORD 'verifier'\\; COMMIT\\;\nSELECT count(pg_term" in text


def test_access_is_given_in_the_database_that_it_is_to() -> None:
    mine = service(databases=["reports"], roles={"r": {"access": "read", "databases": ["reports"]}})
    assert "GRANT" not in script(mine, {}, {}, [])
    text = script(mine, {}, {}, list(mine.objects.grants()))
    app, _, reports = text.partition('\\connect "reports"')
    assert "DEFAULT PRIVILEGES" not in app
    assert 'FOR ROLE "app" GRANT SELECT ON TABLES TO "r";' in reports


def test_extensions_are_made_where_they_are_named() -> None:
    mine = service(extensions=["vector"], databases={"geo": {"extensions": ["postgis"]}})
    app, _, geo = script(mine, {}, {}, []).partition('\\connect "geo"')
    assert 'EXTENSION IF NOT EXISTS "vector" CASCADE' in app
    assert 'EXTENSION IF NOT EXISTS "postgis" CASCADE' in geo
    assert "vector" not in geo
