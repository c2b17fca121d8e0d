"""The inventory's apps: a mistake is named, and a public one gets no secret."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.apps import App, parse_apps
from ansible.module_utils.groundwork.errors import GroundworkError
from three_services import SERVICES


def app_of(entry: dict[str, Any]) -> App:
    return parse_apps({"app": entry}, SERVICES)[0]


def refusal(entry: Any) -> str:
    with pytest.raises(GroundworkError) as caught:
        parse_apps({"app": entry}, SERVICES)
    return str(caught.value)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("apps/.env", ["env_files_apps.app must be"]),
        ({"services": []}, ["env_files_apps.app must be"]),
        ({"path": ".env", "servces": []}, ["servces", "Did you mean 'services'?"]),
        ({"path": ".env", "audience": "tunel"}, ["audience", "Did you mean 'tunnel'?"]),
        ({"path": ".env", "services": ["postgre"]}, ["'postgre'", "Did you mean 'postgres'?"]),
        ({"path": ".env", "services": "postgres"}, ["must be a list"]),
        ({"path": ".env", "variables": {"a b": 1}}, ["'a b'"]),
        ({"path": ".env", "variables": {"A": "x\ny"}}, ["variables.A"]),
        ({"path": ".env", "public": "true"}, ["public must be true or false"]),
        ({"path": ".env", "public": True, "services": ["redis"]}, ["public", "redis"]),
        ({"path": ".env", "public": True, "variables": {"API_KEY": "x"}}, ["API_KEY", "secret"]),
        (
            {"path": ".env", "public": True, "variables": {"API": "https://me:pw@example.com"}},
            ["variables.API", "secret"],
        ),
    ],
)
def test_a_wrong_app_is_named(entry: Any, words: list[str]) -> None:
    text = refusal(entry)
    for word in words:
        assert word in text


def test_values_are_written_as_a_person_means_them() -> None:
    app = app_of({"path": ".env", "variables": {"DEBUG": True, "N": 3, "EMPTY": None}})
    assert app.variables == {"DEBUG": "true", "N": "3", "EMPTY": ""}
