"""Passwords that services don't have: which stop a run, and which it is about to give."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible.module_utils.groundwork.state.desired import Desired
from converged import CONVERGED, DESIRED, PARAMS, RUNNING, changed, planned, problems

READER = {"access": "read", "password": "x"}


def with_reader(**more: Any) -> Desired:
    services = {name: dict(entry) for name, entry in PARAMS["services"].items()}
    services["postgres"] |= {"roles": {"reader": READER}} | more
    return Desired.of(PARAMS | {"services": services})


def test_a_wrong_password_is_a_problem_unless_it_is_about_to_be_changed() -> None:
    look = changed("services/postgres", RUNNING | {"answers": False, "code": "28P01"})
    (problem,) = problems(look)
    assert "stack_reset_passwords=true" in problem["next_step"]
    assert problems(look, reset_passwords=True) == []
    assert problems(look | {"new_passwords": ["POSTGRES_PASSWORD"]}) == []


def test_an_older_inventory_does_not_bring_an_older_password_back() -> None:
    volumes = {name: {"storage_format": "", "data_version": ""} for name in ("postgres", "redis")}
    look = changed("services/redis/answers", False)
    look |= {"volumes": volumes, "other_passwords": ["postgres", "redis"]}
    (problem,) = problems(look)  # PostgreSQL answers: infra/.env alone is wrong
    assert problem["what"].startswith("redis: the inventory gives another password")
    assert "git pull" in problem["next_step"]
    assert problems(look, reset_passwords=True) == []
    assert problems(look, replace(DESIRED, rotate=frozenset({"redis"}))) == []
    begun, unknown = {"new_passwords": ["POSTGRES_PASSWORD"]}, {"engine": {"state": "stopped"}}
    assert len(problems(look | begun)) == 1, "PostgreSQL's alone was begun"
    assert problems(look | {"new_passwords": ["REDIS_PASSWORD"]}) == []
    assert problems(look | {"volumes": {}}) == [], "there is nobody who uses it"
    assert len(problems(look | {"volumes": {}} | unknown)) == 1
    look["services"]["postgres"] |= {"answers": False, "code": "28P01"}
    (problem,) = problems(look)
    assert problem["what"].startswith("postgres, redis: the inventory gives another password")


def test_a_role_that_its_password_does_not_let_in_is_a_problem() -> None:
    refused = {"state": "in_sync", "refused": ["reader"]}
    look = changed("objects", {"postgres": refused})
    (problem,) = problems(look, with_reader())
    assert problem["what"].startswith("reader@postgres doesn't take the password")
    assert "stack_services.postgres.roles.reader.password" in problem["where"]
    assert problems(look, with_reader(), reset_passwords=True) == []
    begun = look | {"new_passwords": ["POSTGRES_READER_PASSWORD"]}
    assert problems(begun, with_reader()) == []
    for names in (["postgres"], ["reader@postgres"]):
        assert problems(look, replace(with_reader(), rotate=frozenset(names))) == []
    assert problems(look, replace(with_reader(), rotate=frozenset({"app@postgres"}))) != []


def test_another_password_of_a_superuser_is_never_taken_unasked() -> None:
    volumes = {"postgres": {"storage_format": "", "data_version": ""}}
    look = CONVERGED | {"volumes": volumes, "other_passwords": ["postgres@postgres"]}
    (problem,) = problems(look)
    assert problem["what"].startswith("postgres@postgres: the inventory gives another password")
    assert "stack_services.postgres.superuser_password" in problem["where"]
    assert problems(look, replace(DESIRED, rotate=frozenset({"postgres"}))) == []


def test_a_first_start_that_was_cut_short_is_no_wrong_password() -> None:
    look = changed("services/postgres", RUNNING | {"answers": False, "code": "28P01"})
    missing = "the role app is not there yet"
    look["objects"] = {"postgres": {"state": "pending", "user_missing": True, "pending": [missing]}}
    assert problems(look) == []
    assert f"postgres: {missing}" in planned(look)["services"]


def test_what_somebody_else_answers_at_the_port_is_no_wrong_password() -> None:
    taken = {"service": "postgres", "option": "port", "port": 5432, "holder": "the container x"}
    look = changed("services/postgres", RUNNING | {"answers": False, "code": "28P01"})
    (problem,) = problems(look | {"ports_taken": [taken]})
    assert problem["what"].startswith("Port 5432, which postgres wants, is taken")
    assert "local.yml" in problem["next_step"]
