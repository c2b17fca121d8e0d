"""What an app's own lines may name, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.apps import parse_apps
from ansible.module_utils.groundwork.config.lines import part_names
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.errors import GroundworkError

SERVICES = parse_services(
    {
        "postgres": {"kind": "postgres", "image": "postgres:16", "port": 15432},
        "redis": {"kind": "redis", "image": "redis:7", "port": 16379},
        "mail": {
            "kind": "container", "image": "mailpit:1", "health": {"tcp": "web"},
            "ports": {"web": 8025}, "secrets": {"login": {}},
        },
    }
)  # fmt: skip


def test_a_service_has_the_parts_of_its_kind() -> None:
    found = {each.name: " ".join(part_names(each)) for each in SERVICES}
    assert found == {
        "postgres": "host port url user database password",
        "redis": "host port url password",
        "mail": "host port url port.web secret.login",
    }


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"lines": {"X": "{postgre.host}"}}, "Did you mean 'postgres'?"),
        ({"lines": {"X": "{postgres.pasword}"}}, "Did you mean 'password'?"),
        ({"lines": {"X": "{redis.database}"}}, "redis has no 'database'"),
        ({"services": ["redis"], "lines": {"X": "{postgres.host}"}}, "none of the app's services"),
        ({"lines": {"X": "{host}"}}, "such as {postgres.host}"),
        ({"lines": {"X": "${postgres.host}"}}, "it has ${"),
        ({"lines": {"X": "\\{postgres.password}"}}, "a backslash"),
        ({"lines": {"X-Y": "1"}}, "'X-Y' is not a variable name"),
        ({"lines": ["X"]}, "lines must be a dictionary"),
        ({"lines": {"X": "1"}, "variables": {"X": "2"}}, "both set X"),
        ({"public": True, "services": [], "lines": {"MY_TOKEN": "1"}}, "looks like a secret"),
        ({"public": True, "services": [], "lines": {"X": "{redis.url}"}}, "none of the app's"),
    ],
)  # fmt: skip
def test_what_cannot_be_filled_in_is_refused(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(GroundworkError) as caught:
        parse_apps({"app": {"path": ".env", "services": ["postgres", "redis"]} | entry}, SERVICES)
    assert words in str(caught.value)
