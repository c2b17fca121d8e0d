"""The plan: nothing to do on a host that is as it should be, a reason for everything else."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.state import checks, plan
from ansible.module_utils.groundwork.state.checks import Limits
from ansible.module_utils.groundwork.state.compare import Comparison
from ansible.module_utils.groundwork.state.desired import Desired
from ansible.module_utils.groundwork.state.model import State
from ansible.module_utils.groundwork.state.survey import Survey
from stack_facts import facts_of

DESIRED = Desired.of(
    {
        "stack_name": "groundwork",
        "services": {
            "postgres": {"kind": "postgres", "image": "postgres:16-alpine", "port": 5432},
            "redis": {"kind": "redis", "image": "redis:7-alpine", "port": 6379},
        },
        "apps": {},
        "workspace_dir": "/work space",
        "stack_dir": "/work space/infra",
        "compose": "",
        "password_length": 32,
    }
)
RUNNING: dict[str, Any] = {
    "kind": "",
    "state": "running",
    "health": "healthy",
    "config": "in_sync",
    "image": "in_sync",
    "answers": True,
    "version": "1",
    "error": "",
}
IMAGE = {"reference": "x", "id": "sha256:1", "storage_format": "postgres-16-musl", "wanted": "x"}
IMAGE |= {"candidates": ["x"], "built": "", "due": "", "kept": False, "why": ""}
CONVERGED: dict[str, Any] = {
    "engine": {"state": "ok", "error": ""},
    "engine_settings": [],
    "images": {"postgres": IMAGE, "redis": IMAGE | {"storage_format": "redis-7"}},
    "volumes": {},
    "files": {"/work space/infra/.env": "in_sync"},
    "env_files": {"/work space/apps/backend/.env": "in_sync"},
    "services": {"postgres": dict(RUNNING), "redis": dict(RUNNING)},
    "new_passwords": [],
    "other_passwords": [],
    "schema": {"state": "at_head", "pending": []},
    "firewall": [],
    "owner": None,
    "left_data": {},
    "ports_taken": [],
    "foreign_compose_file": "",
}
STEPS = ["docker", "images", "firewall", "files", "services", "env_files", "schema"]


FACTS = facts_of(DESIRED, surveyed=Survey(None))


def planned(look: dict[str, Any], desired: Desired = DESIRED) -> dict[str, list[str]]:
    return plan.plan(desired, State.from_dict(look)).to_dict()


def problems(
    look: dict[str, Any], desired: Desired = DESIRED, reset_passwords: bool = False
) -> list[dict[str, str]]:
    compared = Comparison(State.from_dict(look), (), (), None)
    limits = Limits(reset_passwords, 1024, {})
    steps = plan.plan(desired, compared.state)
    docker = Docker("no such docker")
    found = checks.problems(desired, FACTS, compared, steps, limits, docker)
    return [each.to_dict() for each in found]


def changed(path: str, value: Any) -> dict[str, Any]:
    look = copy.deepcopy(CONVERGED)
    *parents, last = path.split("/")
    entry = look
    for key in parents:
        entry = entry[key]
    entry[last] = value
    return look


def test_nothing_is_to_do_where_all_is_as_it_should_be() -> None:
    assert planned(CONVERGED) == {step: [] for step in STEPS}
    assert problems(CONVERGED) == []


@pytest.mark.parametrize(
    ("path", "value", "step", "words"),
    [
        ("engine/state", "absent", "docker", "no Docker engine"),
        ("engine/state", "stopped", "docker", "stopped"),
        ("engine_settings", ["icc"], "docker", "settings differ: icc"),
        ("images/redis/due", "redis:7 is not here", "images", "redis: redis:7 is not here"),
        ("services/redis/state", "exited", "services", "redis: its container is exited"),
        ("services/redis/state", "unknown", "services", "redis: unknown"),
        ("services/redis/health", "unhealthy", "services", "unhealthy"),
        ("services/redis/config", "changed", "services", "configuration changed"),
        ("services/redis/config", "unknown", "services", "could not be compared"),
        ("services/redis/image", "changed", "services", "image changed"),
        ("services/redis/answers", False, "services", "doesn't answer"),
        ("services/old", RUNNING, "services", "old: is not in the inventory any more"),
        ("new_passwords", ["POSTGRES_PASSWORD"], "services", "new password"),
        ("schema/state", "pending", "schema", "to apply"),
        ("schema/state", "empty", "schema", "to apply"),
        ("schema/state", "ahead", "schema", "ahead"),
        ("schema/state", "two_heads", "schema", "more than one head"),
        ("schema/state", "unknown", "schema", "unknown"),
        ("schema", {"state": "unread", "error": "env.py has to run"}, "schema", "env.py has to"),
    ],
)
def test_each_difference_is_a_reason_for_its_step_alone(
    path: str, value: Any, step: str, words: str
) -> None:
    found = planned(changed(path, value))
    assert words in " ".join(found[step])
    assert [name for name in STEPS if found[name]] == [step]


@pytest.mark.parametrize("status", ["missing", "changed", "unknown"])
def test_a_file_that_changes_has_the_services_looked_after(status: str) -> None:
    look = changed("files", {"/work space/infra/.env": status})
    found = planned(look)
    assert found["files"]
    assert found["services"]


def test_a_service_without_a_container_is_started() -> None:
    found = planned(changed("services", {"redis": RUNNING}))
    assert found["services"] == ["postgres: has no container yet"]


def test_a_taken_port_names_port_holder_and_variable() -> None:
    taken = [{"service": "redis", "option": "port", "port": 6379}]
    taken[0]["holder"] = "redis-server (process 7)"
    (problem,) = problems(changed("ports_taken", taken))
    assert "6379" in problem["what"]
    assert "redis-server (process 7)" in problem["what"]
    assert problem["where"] == "stack_services.redis.port"


@pytest.mark.parametrize(
    ("volume", "refused"),
    [
        ({"storage_format": "postgres-16-musl", "data_version": ""}, False),
        ({"storage_format": "postgres-16-glibc", "data_version": ""}, True),
        ({"storage_format": "postgres-15-musl", "data_version": ""}, True),
        ({"storage_format": "", "data_version": "16"}, False),
        ({"storage_format": "", "data_version": "15"}, True),
        ({"storage_format": "", "data_version": ""}, False),
    ],
)
def test_a_volume_goes_to_the_flavour_that_made_it(volume: dict[str, str], refused: bool) -> None:
    found = problems(changed("volumes", {"postgres": volume}))
    assert bool(found) == refused
    if refused:
        assert "groundwork_postgres_data" in found[0]["what"]
        assert "dump" in found[0]["next_step"]


def test_a_full_disk_and_a_foreign_stack_are_problems() -> None:
    (full,) = checks.full_disk((5, "/var/lib/docker"), 1024)
    assert "5 MB left" in full.what
    assert full.where == "/var/lib/docker"
    assert checks.full_disk((1024, "/"), 1024) == checks.full_disk(None, 1024) == []
    assert problems(changed("foreign_compose_file", "/x.yml"))[0]["where"] == "/x.yml"
    foreign = changed("owner", {"folder": "/other/infra", "user": "ada"})
    (problem,) = problems(foreign | {"ports_taken": [{"port": 1}]})
    assert problem["where"] == "/other/infra, of the user ada"
    assert "mv /other/infra '/work space/infra'" in problem["next_step"]
    assert not any(planned(foreign).values())


def external(**look: Any) -> dict[str, list[str]]:
    """The plan of a stack that somebody else runs, with another look at its database."""
    database = {"kind": "postgres", "external": True, "host": "db.example.com", "password": "x"}
    desired = replace(DESIRED, services=tuple(parse_services({"postgres": database})))
    found = {"state": "external", "answers": True, "error": "", "leftover": False, "code": ""}
    whole = changed("services", {"postgres": found | look})
    whole |= {"images": {}, "engine": {"state": "absent", "error": ""}}
    if look.get("code"):
        assert problems(whole, desired) == [], "somebody else's password is not ours to reset"
    return planned(whole, desired)


def test_where_all_is_somebody_elses_no_engine_is_needed() -> None:
    assert not any(external().values())


@pytest.mark.parametrize(
    ("look", "words"),
    [
        ({"answers": False, "error": "no answer within 2 s"}, "no answer within 2 s"),
        ({"leftover": True}, "its container goes"),
        ({"answers": False, "error": "refused", "code": "28P01"}, "refused"),
    ],
)
def test_what_somebody_else_runs_is_looked_after(look: dict[str, Any], words: str) -> None:
    found = external(**look)
    assert words in " ".join(found["services"])
    assert [name for name in STEPS if found[name]] == ["services"]


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


def test_a_chosen_engine_that_is_silent_is_named_and_no_other_is_started() -> None:
    chosen = {"chosen": "DOCKER_HOST=tcp://10.0.0.1:2375", "next_step": "Start that engine."}
    look = copy.deepcopy(CONVERGED)
    look["engine"] = {"state": "elsewhere", "error": "no such host", **chosen}
    (found,) = problems(look)
    assert "no such host" in found["what"]
    assert found["where"] == "DOCKER_HOST=tcp://10.0.0.1:2375"
    assert "stopped" not in str(planned(look)["docker"])
