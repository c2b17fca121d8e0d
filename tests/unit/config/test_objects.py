"""Databases, roles and extensions of the inventory: what each form means, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import given_passwords, parse_services
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.services import Objects, OwnedDatabase, Role, secrets_of

POSTGRES = {"kind": "postgres", "image": "postgres:16-alpine", "port": 5432}


def objects(**options: Any) -> Objects:
    (service,) = parse_services({"my-db": POSTGRES | options})
    return service.objects


def problems(**options: Any) -> str:
    with pytest.raises(GroundworkError) as caught:
        objects(**options)
    return "\n".join(caught.value.details)


def test_without_options_there_is_the_apps_database_and_a_superuser() -> None:
    assert objects() == Objects("postgres", databases=(OwnedDatabase("app", "app", "MY_DB_URL"),))


def test_a_user_called_postgres_is_the_superuser_itself() -> None:
    assert objects(user="postgres").superuser == ""
    assert "is the superuser" in problems(user="postgres", superuser_password="x" * 20)


def test_a_list_of_databases_is_the_short_form() -> None:
    assert objects(databases=["reports"]) == objects(databases={"reports": None})
    assert objects(databases=["reports"]).databases[1] == OwnedDatabase(
        "reports", "app", "MY_DB_REPORTS_URL"
    )


def test_an_owner_is_a_role_without_further_access() -> None:
    found = objects(databases={"bills": {"owner": "billing", "extensions": ["vector"]}})
    assert found.databases[1] == OwnedDatabase("bills", "billing", "MY_DB_BILLS_URL", ("vector",))
    assert found.roles == (Role("billing", "", ("bills",), "MY_DB_BILLING_URL"),)


def test_a_role_has_access_to_the_services_database_unless_it_names_others() -> None:
    found = objects(
        databases=["reports"],
        roles={
            "reader": {"access": "read"},
            "writer": {"access": "write", "databases": ["reports", "app"], "url_variable": "W"},
        },
    )
    assert [(role.name, role.databases, role.url_variable) for role in found.roles] == [
        ("reader", ("app",), "MY_DB_READER_URL"),
        ("writer", ("reports", "app"), "W"),
    ]


def test_each_secret_has_a_variable_a_name_and_a_place_in_the_inventory() -> None:
    entry = POSTGRES | {"roles": {"reader": {"access": "read", "password": "of the inventory"}}}
    (service,) = parse_services({"my-db": entry | {"superuser_password": "theirs"}})
    assert [(s.variable, s.name, s.where, s.given) for s in secrets_of(service)] == [
        ("MY_DB_PASSWORD", "my-db", "stack_services.my-db.password", ""),
        (
            "MY_DB_SUPERUSER_PASSWORD",
            "postgres@my-db",
            "stack_services.my-db.superuser_password",
            "theirs",
        ),
        (
            "MY_DB_READER_PASSWORD",
            "reader@my-db",
            "stack_services.my-db.roles.reader.password",
            "of the inventory",
        ),
    ]
    for names in (["my-db"], ["reader@my-db"]):
        assert secrets_of(service)[2].is_in(names)
    assert not secrets_of(service)[0].is_in(["reader@my-db"])
    assert secrets_of(service)[0].is_in(["app@my-db"])
    assert given_passwords({"my-db": entry}) == {"of the inventory"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"databases": "reports"}, "databases must be a list of names, or a dictionary"),
        ({"databases": ["app"]}, "databases.app is its `database` already"),
        ({"databases": ["Reports"]}, "databases.Reports: it is 'Reports'; a name takes a-z"),
        ({"databases": ["template1"]}, "can't be 'template1'"),
        ({"databases": {"reports": {"ownr": "x"}}}, "ownr: unknown option. Did you mean 'owner'?"),
        ({"databases": {"reports": {"owner": "pg_x"}}}, "databases.reports.owner is 'pg_x'"),
        ({"databases": {"reports": "app"}}, "databases.reports must be a dictionary"),
        ({"roles": ["reader"]}, "roles must be a dictionary"),
        ({"roles": {"reader": None}}, "roles.reader.access must be read or write"),
        ({"roles": {"reader": {"access": "raed"}}}, "Did you mean 'read'?"),
        ({"roles": {"app": {"access": "read"}}}, "roles.app is its `user` already"),
        ({"roles": {"postgres": {"access": "read"}}}, "can't be 'postgres'"),
        ({"roles": {"superuser": {"access": "read"}}}, "can't be 'superuser'"),
        (
            {"roles": {"reader": {"access": "read", "databases": ["rep"]}}, "databases": ["reps"]},
            "roles.reader.databases: no database 'rep'. Did you mean 'reps'?",
        ),
        ({"roles": {"reader": {"access": "read", "databases": []}}}, "must be a list of names"),
        ({"roles": {"reader": {"access": "read", "password": 5}}}, "password must be text"),
        ({"roles": {"reader": {"access": "read", "password": "a${b"}}}, "can't be used: it has ${"),
        ({"roles": {"reader": {"access": "read", "url_variable": "a-b"}}}, "not a variable name"),
        ({"extensions": "vector"}, "extensions must be a list of names"),
        ({"extensions": ["a b"]}, "extensions must be a list of names"),
        (
            {"databases": ["one"], "roles": {"one": {"access": "read"}}},
            "uses the variable MY_DB_ONE_URL twice",
        ),
    ],
)
def test_what_cannot_be_is_named(options: dict[str, Any], says: str) -> None:
    assert says in problems(**options)


def test_nothing_is_made_in_an_external_one() -> None:
    entry = {"kind": "postgres", "external": True, "host": "db.example.com", "password": "x"}
    (service,) = parse_services({"db": entry})
    assert service.objects == Objects()
    with pytest.raises(GroundworkError) as caught:
        parse_services({"db": entry | {"databases": ["reports"]}})
    assert "nothing is made in an external service" in "\n".join(caught.value.details)


def test_a_variable_that_another_service_has_is_refused() -> None:
    raw = {
        "db": POSTGRES | {"roles": {"reader": {"access": "read"}}},
        "db-reader": POSTGRES | {"port": 5433},
    }
    with pytest.raises(GroundworkError) as caught:
        parse_services(raw)
    assert "both use the variable DB_READER_PASSWORD" in "\n".join(caught.value.details)
