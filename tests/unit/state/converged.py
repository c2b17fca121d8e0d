"""A host on which all is as it should be, and how it is changed for a test."""

from __future__ import annotations

import copy
from typing import Any

from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.state import checks, plan
from ansible.module_utils.groundwork.state.checks import Limits
from ansible.module_utils.groundwork.state.compare import Comparison
from ansible.module_utils.groundwork.state.desired import Desired
from ansible.module_utils.groundwork.state.model import State
from ansible.module_utils.groundwork.state.stack_containers import StackContainers
from stack_facts import facts_of

PARAMS: dict[str, Any] = {
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
DESIRED = Desired.of(PARAMS)
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
IMAGE |= {"built": "", "due": "", "kept": False, "why": ""}
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
    "objects": {},
    "schema": {"": {"state": "at_head", "pending": []}},
    "firewall": [],
    "monitoring": [],
    "backup": [],
    "owner": None,
    "left_data": {},
    "ports_taken": [],
    "foreign_compose_file": "",
}
STEPS = ["docker", "images", "firewall", "files", "services", "env_files", "schema"]
STEPS += ["monitoring", "backup"]


FACTS = facts_of(DESIRED, stack_containers=StackContainers(None))


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
