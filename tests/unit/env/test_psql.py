"""The lines by which psql finds an app's database."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.apps import parse_apps
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.env.content import app_env
from ansible.module_utils.groundwork.errors import GroundworkError

SERVICES = parse_services(
    {
        "redis": {"kind": "redis", "image": "redis:7", "port": 6379},
        "postgres": {
            "kind": "postgres", "image": "postgres:16", "port": 5432,
            "url_scheme": "postgresql+asyncpg", "roles": {"reader": {"access": "read"}},
        },
    }
)  # fmt: skip
SECRETS = {
    "POSTGRES_PASSWORD": "p w'$\\d", "POSTGRES_READER_PASSWORD": "other",
    "POSTGRES_SUPERUSER_PASSWORD": "root", "REDIS_PASSWORD": "cache",
}  # fmt: skip


def lines(**entry: Any) -> dict[str, str]:
    (app,) = parse_apps({"app": {"path": ".env", "psql": True} | entry}, SERVICES)
    found = app_env(app, SERVICES, SECRETS)
    return {name: value for name, value in found.items() if name.startswith("PG")}


def test_it_has_the_login_as_it_is_and_not_as_an_url_has_it() -> None:
    assert lines(services=["redis", "postgres"]) == {
        "PGHOST": "127.0.0.1", "PGPORT": "5432", "PGUSER": "app", "PGDATABASE": "app",
        "PGPASSWORD": "p w'$\\d",
    }  # fmt: skip


def test_a_further_role_has_its_own_and_a_line_of_the_inventory_wins() -> None:
    found = lines(services=["reader@postgres"], variables={"PGPORT": "6432"})
    assert (found["PGUSER"], found["PGPASSWORD"], found["PGPORT"]) == ("reader", "other", "6432")
    assert lines(services=["postgres"], audience="internal")["PGHOST"] == "postgres"


def test_nobody_gets_them_unasked() -> None:
    assert lines(services=["postgres"], psql=False) == {}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"services": ["redis"]}, "none of its services is a PostgreSQL"),
        ({"services": ["postgres"], "psql": "yes"}, "psql must be true or false"),
        ({"public": True}, "none of its services is a PostgreSQL"),
    ],
)
def test_where_it_means_nothing_it_is_refused(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(GroundworkError) as caught:
        lines(**entry)
    assert words in str(caught.value)
