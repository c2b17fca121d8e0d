"""What of a PostgreSQL an app gets, by `[ROLE@]SERVICE[/DATABASE]`."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.config.apps import parse_apps
from ansible.module_utils.groundwork.config.logins import Login, further_logins
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.env import content
from ansible.module_utils.groundwork.errors import GroundworkError

SERVICES = parse_services(
    {
        "postgres": {
            "kind": "postgres",
            "image": "postgres:16-alpine",
            "port": 5432,
            "url_variable": "DATABASE_URL",
            "databases": {"reports": {}, "bills": {"owner": "billing"}},
            "roles": {"reader": {"access": "read", "databases": ["app", "reports"]}},
        },
        "redis": {"kind": "redis", "image": "redis:7-alpine", "port": 6379},
    }
)
SECRETS = {
    "POSTGRES_PASSWORD": "a",
    "POSTGRES_READER_PASSWORD": "r",
    "POSTGRES_BILLING_PASSWORD": "b",
    "REDIS_PASSWORD": "c",
}


def lines(*services: str) -> dict[str, str]:
    (app,) = parse_apps({"app": {"path": ".env", "services": list(services)}}, SERVICES)
    return content.app_env(app, SERVICES, SECRETS)


@pytest.mark.parametrize(
    ("name", "variable", "url"),
    [
        ("postgres", "DATABASE_URL", "app:a@127.0.0.1:5432/app"),
        ("postgres/app", "DATABASE_URL", "app:a@127.0.0.1:5432/app"),
        ("app@postgres", "DATABASE_URL", "app:a@127.0.0.1:5432/app"),
        ("postgres/reports", "POSTGRES_REPORTS_URL", "app:a@127.0.0.1:5432/reports"),
        ("app@postgres/reports", "POSTGRES_REPORTS_URL", "app:a@127.0.0.1:5432/reports"),
        ("reader@postgres", "POSTGRES_READER_URL", "reader:r@127.0.0.1:5432/app"),
        ("reader@postgres/app", "POSTGRES_READER_URL", "reader:r@127.0.0.1:5432/app"),
        (
            "reader@postgres/reports",
            "POSTGRES_READER_REPORTS_URL",
            "reader:r@127.0.0.1:5432/reports",
        ),
        ("postgres/bills", "POSTGRES_BILLS_URL", "billing:b@127.0.0.1:5432/bills"),
        ("billing@postgres", "POSTGRES_BILLS_URL", "billing:b@127.0.0.1:5432/bills"),
    ],
)
def test_an_address_has_its_role_its_database_and_its_variable(
    name: str, variable: str, url: str
) -> None:
    assert lines(name) == {variable: f"postgresql://{url}"}


def test_an_app_gets_no_password_of_a_role_that_it_does_not_name() -> None:
    found = lines("reader@postgres", "redis")
    assert set(found) == {"POSTGRES_READER_URL", "REDIS_URL"}
    assert ":a@" not in "".join(found.values())


def test_the_stacks_own_file_has_each_once() -> None:
    assert [login.variable for login in further_logins(SERVICES[0])] == [
        "POSTGRES_REPORTS_URL",
        "POSTGRES_BILLS_URL",
        "POSTGRES_READER_URL",
    ]
    assert further_logins(SERVICES[1]) == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("postgrse", "no service 'postgrse'. Did you mean 'postgres'?"),
        ("postgrse/reports", "no service 'postgrse/reports'. Did you mean 'postgres'?"),
        ("postgres/report", "postgres has no database 'report'. Did you mean 'reports'?"),
        ("raeder@postgres", "postgres has no role 'raeder'. Did you mean 'reader'?"),
        ("reader@postgres/bills", "the role reader has no access to bills, only to app, reports."),
        ("postgres@postgres", "postgres has no role 'postgres'"),
        ("redis/0", "only a PostgreSQL that runs here has further databases and roles"),
        ("a@b@c", "no service 'a@b@c'"),
    ],
)
def test_a_wrong_name_is_told(name: str, says: str) -> None:
    with pytest.raises(GroundworkError) as caught:
        lines(name)
    assert says in "\n".join(caught.value.details)


def test_a_login_is_the_service_as_its_role_sees_it() -> None:
    seen = Login("postgres", "X", "reader", "reports").of(SERVICES[0])
    assert (seen.options["user"], seen.options["database"]) == ("reader", "reports")
