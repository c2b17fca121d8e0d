"""An app's own lines, with the parts of its services' addresses."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.apps import parse_apps
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.env.content import app_env, app_secret_lines

SERVICES = parse_services(
    {
        "postgres": {
            "kind": "postgres", "image": "postgres:16", "port": 15432, "database": "shop",
            "databases": {"reports": {"owner": "boss"}}, "roles": {"reader": {"access": "read"}},
        },
        "redis": {"kind": "redis", "image": "redis:7", "port": 16379},
        "qdrant": {"kind": "qdrant", "image": "qdrant/qdrant", "port": 16333, "grpc_port": 16334},
        "mail": {
            "kind": "container", "image": "mailpit:1", "health": {"tcp": "web"},
            "ports": {"smtp": {"container": 1025, "port": 31025},
                      "web": {"container": 8025, "port": 38025}},
            "secrets": {"login": {}},
        },
        "far": {
            "kind": "postgres", "external": True, "port": 6000, "password": "there", "user": "me@x",
            "database": "d", "host": "fd00::1",
        },
    }
)  # fmt: skip
SECRETS = {
    "POSTGRES_PASSWORD": "p w'$\\d", "POSTGRES_SUPERUSER_PASSWORD": "root",
    "POSTGRES_READER_PASSWORD": "other", "POSTGRES_BOSS_PASSWORD": "b",
    "REDIS_PASSWORD": "cache", "QDRANT_API_KEY": "key",
    "MAIL_LOGIN": "post", "FAR_PASSWORD": "th@re",
}  # fmt: skip
ALL = ["postgres", "reader@postgres", "postgres/reports", "redis", "qdrant", "mail", "far"]


def line(text: str, **entry: Any) -> str:
    (app,) = parse_apps(
        {"app": {"path": ".env", "services": ALL, "lines": {"X": text}} | entry}, SERVICES
    )
    return app_env(app, SERVICES, SECRETS, tunnel_offset=10000)["X"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{postgres.host}", "127.0.0.1"),
        ("{postgres.port}", "15432"),
        ("{postgres.user}/{postgres.database}", "app/shop"),
        ("{postgres.password}", "p w'$\\d"),
        ("{reader@postgres.user}:{reader@postgres.password}", "reader:other"),
        ("{reader@postgres.database}", "shop"),
        ("{postgres/reports.user}:{postgres/reports.password}", "boss:b"),
        ("{postgres/reports.database}", "reports"),
        ("{redis.password}@{redis.port}", "cache@16379"),
        ("{redis.url}", "redis://:cache@127.0.0.1:16379/0"),
        ("{qdrant.password} {qdrant.port.grpc}", "key 16334"),
        ("{mail.port} {mail.port.smtp} {mail.port.web}", "31025 31025 38025"),
        ("{mail.secret.login}", "post"),
        ("{far.host} {far.user}", "fd00::1 me@x"),
        ("psql+x://{far.user}:{far.password}@{far.host}:{far.port}/", "psql+x://me%40x:th%40re@[fd00::1]:6000/"),
        ("{open}x{close}", "{x}"),
        ("plain", "plain"),
    ],
)  # fmt: skip
def test_a_part_of_an_address_stands_where_its_name_was(text: str, value: str) -> None:
    assert line(text) == value


def test_they_are_right_wherever_the_app_runs() -> None:
    where = "{postgres.host}:{postgres.port} {mail.port.web}"
    assert line(where, audience="internal") == "postgres:5432 8025"
    assert line(where, audience="tunnel") == "127.0.0.1:25432 48025"


def test_what_holds_a_secret_is_known_as_such() -> None:
    lines = {
        "PLACE": "{postgres.host}",
        "PWD": "{postgres.password}",
        "URL": "x://{postgres.password}",
    }
    (app,) = parse_apps({"app": {"path": ".env", "services": ALL, "lines": lines}}, SERVICES)
    assert app_secret_lines(app, SERVICES) & set(lines) == {"PWD", "URL"}
