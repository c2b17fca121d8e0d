"""What a server is to hold: who gets access to what, and all extensions at once."""

from __future__ import annotations

from ansible.module_utils.groundwork.services.objects import Objects, OwnedDatabase, Role

APP = OwnedDatabase("app", "app", "URL", ("vector",))
REPORTS = OwnedDatabase("reports", "billing", "REPORTS_URL", ("vector", "postgis"))


def role(name: str, access: str, *databases: str) -> Role:
    return Role(name, access, databases, f"{name}_URL")


def test_access_is_given_where_a_role_names_it_and_owns_nothing() -> None:
    reader = role("reader", "read", "reports")
    billing = role("billing", "write", "app", "reports")
    owner = role("owner", "", "reports")
    objects = Objects("postgres", databases=(APP, REPORTS), roles=(reader, billing, owner))
    assert list(objects.grants()) == [(APP, billing), (REPORTS, reader)]


def test_extensions_of_all_databases_count_once() -> None:
    assert Objects(databases=(APP, REPORTS)).extensions == {"vector", "postgis"}
