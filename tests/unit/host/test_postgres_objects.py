"""A server's objects beside the inventory: what is pending, what is another's, what is left."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.docker.cli import Docker
from ansible.module_utils.groundwork.host import postgres_facts, postgres_objects
from ansible.module_utils.groundwork.host.postgres_facts import ACCESS, FoundObjects, Inside
from ansible.module_utils.groundwork.host.postgres_objects import (
    Ensured,
    ObjectsState,
    compare,
    ensure,
)
from ansible.module_utils.groundwork.services import Service

NEW = FoundObjects(
    bootstrap="postgres",
    superusers=frozenset({"postgres"}),
    roles=frozenset({"postgres", "app"}),
    databases={"postgres": "postgres", "app": "app"},
)


def service(**options: Any) -> Service:
    entry = {"kind": "postgres", "image": "postgres:16-alpine", "port": 5432}
    return parse_services({"db": entry | options})[0]


def found(**changes: Any) -> FoundObjects:
    return FoundObjects(**{**vars(NEW), **changes})


def test_where_all_is_there_nothing_is_pending() -> None:
    assert compare(service(), NEW) == ObjectsState("in_sync")


def test_who_is_not_asked_is_unknown() -> None:
    assert compare(service(), None) == ObjectsState("unknown")


def test_a_volume_from_before_has_all_that_it_needs_and_a_superuser() -> None:
    before = found(
        bootstrap="app",
        superusers=frozenset({"app"}),
        roles=frozenset({"app"}),
        databases={"postgres": "app", "app": "app"},
    )
    assert compare(service(), before) == ObjectsState("in_sync", superuser=True)


def test_a_new_cluster_lacks_role_and_database() -> None:
    bare = found(roles=frozenset({"postgres"}), databases={"postgres": "postgres"})
    state = compare(service(), bare)
    assert state.user_missing
    assert state.pending == ("the role app is not there yet", "the database app is not there yet")


def test_a_database_that_is_still_the_clusters_owners_is_unfinished() -> None:
    state = compare(service(), found(databases={"app": "postgres"}))
    assert state.pending == ("the database app is not app's yet",)


def test_a_database_of_somebody_else_is_left_alone() -> None:
    state = compare(service(), found(databases={"app": "shop"}))
    assert state.foreign == ("app belongs to shop, not to app",)
    assert state.pending == ()


def test_extensions_and_access_are_looked_for_where_they_are_named() -> None:
    wanted = service(extensions=["vector", "citext"], roles={"reader": {"access": "read"}})
    roles = NEW.roles | {"reader"}
    inside = Inside(frozenset({"citext"}), frozenset({"reader"}))
    state = compare(
        wanted, found(roles=roles, inside={"app": inside}, available=frozenset({"citext"}))
    )
    assert state.pending == (
        "the extension vector is not in app yet",
        "the role reader may not read app yet",
    )
    assert state.unavailable == ("vector",)
    granted = {"reader": frozenset(ACCESS["read"])}
    inside = Inside(frozenset({"vector", "citext"}), frozenset({"reader"}), granted)
    assert compare(wanted, found(roles=roles, inside={"app": inside})).state == "in_sync"


def test_what_left_the_inventory_is_told() -> None:
    noted = frozenset({("role", "app"), ("role", "old"), ("database", "reports")})
    state = compare(service(), found(noted=noted))
    assert state.left == ("the database reports", "the role old")
    assert state.state == "in_sync"


def test_a_check_says_what_would_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = found(roles=frozenset({"postgres"}), databases={"postgres": "postgres"})
    monkeypatch.setattr(postgres_facts, "read", lambda *_: bare)
    secrets = {"DB_PASSWORD": "x", "DB_SUPERUSER_PASSWORD": "y"}
    ensured = ensure(Docker("no such docker"), "ours", service(), secrets, check=True)
    assert ensured.done == ("the role app was made", "the database app was made")
    assert ensured.databases == ("app",)


def test_a_database_that_is_handed_over_was_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    unfinished = found(databases={"postgres": "postgres", "app": "postgres"})
    monkeypatch.setattr(postgres_facts, "read", lambda *_: unfinished)
    secrets = {"DB_PASSWORD": "x", "DB_SUPERUSER_PASSWORD": "y"}
    ensured = ensure(Docker("no such docker"), "ours", service(), secrets, check=True)
    assert ensured.done == ("the database app is not app's yet",)
    assert ensured.databases == ()


def test_only_passwords_that_are_not_there_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_facts, "read", lambda *_: NEW)
    monkeypatch.setattr(postgres_objects, "lets_in", lambda _, role, password: role != "postgres")
    secrets = {"DB_PASSWORD": "x", "DB_SUPERUSER_PASSWORD": "y"}
    ensured = ensure(Docker("no such docker"), "ours", service(), secrets, secrets, check=True)
    assert ensured == Ensured(("the role postgres got its new password",))
