"""What a service may reach and use, from the inventory."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.limits import check_limits
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.errors import GroundworkError

REDIS = {"kind": "redis", "image": "redis:7-alpine", "port": 6379}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"bind": "0.0.0.0"}, "redis.bind: 0.0.0.0 is every address of the machine"),
        ({"bind": "::"}, "redis.bind: :: is every address of the machine"),
        ({"bind": "9.9.9.9"}, "redis.bind: 9.9.9.9 is a public address"),
        ({"bind": "224.0.0.1"}, "redis.bind: no service can listen on 224.0.0.1"),
        ({"bind": "localhost"}, "redis.bind: 'localhost' is not an IP address"),
        ({"bind_public": "yes"}, "redis.bind_public must be true or false"),
        ({"memory": 512}, "redis.memory is 512"),
        ({"memory": "12m"}, "64m at least"),
        ({"cpus": 0}, "redis.cpus is 0"),
        ({"cpus": "one"}, "redis.cpus is 'one'"),
        ({"pids": 3}, "redis.pids is 3"),
        ({"pids": True}, "redis.pids is True"),
    ],
)
def test_a_mistake_is_named(more: dict[str, Any], words: str) -> None:
    with pytest.raises(GroundworkError) as caught:
        parse_services({"redis": REDIS | more})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "more",
    [
        {"bind": "10.0.0.5"},
        {"bind": "::1"},
        {"bind": "0.0.0.0", "bind_public": True},
        {"bind": "9.9.9.9", "bind_public": True},
        {"memory": "64m", "cpus": 0.5, "pids": 32},
        {"memory": None},
    ],
)
def test_what_is_meant_is_taken(more: dict[str, Any]) -> None:
    (service,) = parse_services({"redis": REDIS | more})
    assert service.bind == more.get("bind", "127.0.0.1")
    assert service.limits == {key: more[key] for key in ("memory", "cpus", "pids") if key in more}


@pytest.mark.parametrize(
    ("limits", "words"),
    [(None, "must be a dictionary"), ({"ram": "1g"}, "stack_limits.ram"), ({"cpus": -1}, "cpus")],
)
def test_wrong_limits_for_all_are_named(limits: Any, words: str) -> None:
    with pytest.raises(GroundworkError) as caught:
        check_limits(limits)
    assert words in str(caught.value)
    check_limits({"memory": "1g", "cpus": 1, "pids": 512})
