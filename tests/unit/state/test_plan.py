"""The plan: nothing to do on a host that is as it should be, a reason for everything else."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.state import plan
from ansible.module_utils.groundwork.state.desired import Desired

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
    "config": "same",
    "image": "same",
    "answers": True,
    "version": "1",
    "error": "",
}
IMAGE = {"reference": "x", "id": "sha256:1", "flavour": "postgres-16-musl", "wanted": "x"}
IMAGE |= {"candidates": ["x"], "built": "", "due": "", "kept": False, "why": ""}
CONVERGED: dict[str, Any] = {
    "engine": {"state": "ok", "error": ""},
    "engine_settings": [],
    "images": {"postgres": IMAGE, "redis": IMAGE | {"flavour": "redis-7"}},
    "volumes": {},
    "files": {"/work space/infra/.env": "same"},
    "env_files": {"/work space/apps/backend/.env": "same"},
    "services": {"postgres": dict(RUNNING), "redis": dict(RUNNING)},
    "new_passwords": [],
    "other_passwords": [],
    "schema": {"state": "at_head", "pending": []},
    "firewall": [],
    "owner": {},
    "left_data": {},
    "ports_taken": [],
    "foreign_compose_file": "",
    "disk_free_mb": None,
    "disk_wanted_mb": 1024,
    "disk_path": "",
}
STEPS = ["docker", "images", "firewall", "files", "services", "env_files", "schema"]


def changed(path: str, value: Any) -> dict[str, Any]:
    look = copy.deepcopy(CONVERGED)
    *parents, last = path.split("/")
    entry = look
    for key in parents:
        entry = entry[key]
    entry[last] = value
    return look


def test_nothing_is_to_do_where_all_is_as_it_should_be() -> None:
    assert plan.plan(DESIRED, CONVERGED) == {step: [] for step in STEPS}
    assert plan.problems(DESIRED, CONVERGED) == []


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
        ("services/redis/config", "differs", "services", "configuration changed"),
        ("services/redis/config", "unknown", "services", "could not be compared"),
        ("services/redis/image", "differs", "services", "image changed"),
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
    found = plan.plan(DESIRED, changed(path, value))
    assert words in " ".join(found[step])
    assert [name for name in STEPS if found[name]] == [step]


@pytest.mark.parametrize("verdict", ["missing", "differs", "unknown"])
def test_a_file_that_changes_has_the_services_looked_after(verdict: str) -> None:
    look = changed("files", {"/work space/infra/.env": verdict})
    found = plan.plan(DESIRED, look)
    assert found["files"]
    assert found["services"]


def test_a_service_without_a_container_is_started() -> None:
    found = plan.plan(DESIRED, changed("services", {"redis": RUNNING}))
    assert found["services"] == ["postgres: has no container yet"]


def test_a_taken_port_names_port_holder_and_variable() -> None:
    taken = [{"service": "redis", "option": "port", "port": 6379}]
    taken[0]["holder"] = "redis-server (process 7)"
    (problem,) = plan.problems(DESIRED, changed("ports_taken", taken))
    assert "6379" in problem["what"]
    assert "redis-server (process 7)" in problem["what"]
    assert problem["where"] == "stack_services.redis.port"


@pytest.mark.parametrize(
    ("volume", "refused"),
    [
        ({"flavour": "postgres-16-musl", "data_version": ""}, False),
        ({"flavour": "postgres-16-glibc", "data_version": ""}, True),
        ({"flavour": "postgres-15-musl", "data_version": ""}, True),
        ({"flavour": "", "data_version": "16"}, False),
        ({"flavour": "", "data_version": "15"}, True),
        ({"flavour": "", "data_version": ""}, False),
    ],
)
def test_a_volume_goes_to_the_flavour_that_made_it(volume: dict[str, str], refused: bool) -> None:
    found = plan.problems(DESIRED, changed("volumes", {"postgres": volume}))
    assert bool(found) == refused
    if refused:
        assert "groundwork_postgres_data" in found[0]["what"]
        assert "dump" in found[0]["next_step"]


def test_a_full_disk_and_a_foreign_stack_are_problems() -> None:
    assert "5 MB left" in plan.problems(DESIRED, changed("disk_free_mb", 5))[0]["what"]
    assert plan.problems(DESIRED, changed("foreign_compose_file", "/x.yml"))[0]["where"] == "/x.yml"
    foreign = changed("owner", {"folder": "/other/infra", "user": "ada"})
    (problem,) = plan.problems(DESIRED, foreign | {"ports_taken": [{"port": 1}]})
    assert problem["where"] == "/other/infra, of the user ada"
    assert "mv /other/infra '/work space/infra'" in problem["next_step"]
    assert not any(plan.plan(DESIRED, foreign).values())


def external(**look: Any) -> dict[str, list[str]]:
    """The plan of a stack that somebody else runs, with another look at its database."""
    database = {"kind": "postgres", "external": True, "host": "db.example.com", "password": "x"}
    desired = replace(DESIRED, services=tuple(parse_services({"postgres": database})))
    found = {"state": "external", "answers": True, "error": "", "leftover": False, "code": ""}
    whole = changed("services", {"postgres": found | look})
    whole |= {"images": {}, "engine": {"state": "absent", "error": ""}}
    if look.get("code"):
        assert plan.problems(desired, whole) == [], "somebody else's password is not ours to reset"
    return plan.plan(desired, whole)


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
    (problem,) = plan.problems(DESIRED, look)
    assert "stack_reset_passwords=true" in problem["next_step"]
    assert plan.problems(DESIRED, look, reset_passwords=True) == []
    assert plan.problems(DESIRED, look | {"new_passwords": ["POSTGRES_PASSWORD"]}) == []


def test_an_older_inventory_does_not_bring_an_older_password_back() -> None:
    volumes = {name: {"flavour": "", "data_version": ""} for name in ("postgres", "redis")}
    look = changed("services/redis/answers", False)
    look |= {"volumes": volumes, "other_passwords": ["postgres", "redis"]}
    (problem,) = plan.problems(DESIRED, look)  # PostgreSQL answers: infra/.env alone is wrong
    assert problem["what"].startswith("redis: the inventory gives another password")
    assert "git pull" in problem["next_step"]
    assert plan.problems(DESIRED, look, reset_passwords=True) == []
    assert plan.problems(replace(DESIRED, rotate=frozenset({"redis"})), look) == []
    begun, unknown = {"new_passwords": ["POSTGRES_PASSWORD"]}, {"engine": {"state": "stopped"}}
    assert len(plan.problems(DESIRED, look | begun)) == 1, "PostgreSQL's alone was begun"
    assert plan.problems(DESIRED, look | {"new_passwords": ["REDIS_PASSWORD"]}) == []
    assert plan.problems(DESIRED, look | {"volumes": {}}) == [], "there is nobody who uses it"
    assert len(plan.problems(DESIRED, look | {"volumes": {}} | unknown)) == 1
    look["services"]["postgres"] |= {"answers": False, "code": "28P01"}
    (problem,) = plan.problems(DESIRED, look)
    assert problem["what"].startswith("postgres, redis: the inventory gives another password")


def test_a_chosen_engine_that_is_silent_is_named_and_no_other_is_started() -> None:
    chosen = {"chosen": "DOCKER_HOST=tcp://10.0.0.1:2375", "next_step": "Start that engine."}
    look = copy.deepcopy(CONVERGED)
    look["engine"] = {"state": "elsewhere", "error": "no such host", **chosen}
    (found,) = plan.problems(DESIRED, look)
    assert "no such host" in found["what"]
    assert found["where"] == "DOCKER_HOST=tcp://10.0.0.1:2375"
    assert "stopped" not in str(plan.plan(DESIRED, look)["docker"])
