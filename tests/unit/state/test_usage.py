"""What a stack uses of its machine, as engine and servers say it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.docker import Docker, Engine, StackOwner
from ansible.module_utils.groundwork.docker import volumes as live
from ansible.module_utils.groundwork.docker.cli import CommandResult
from ansible.module_utils.groundwork.health import ProbeAnswer
from ansible.module_utils.groundwork.services import CONNECTIONS, Connections, ProbeError
from ansible.module_utils.groundwork.state import usage
from ansible.module_utils.groundwork.state.desired import Desired
from ansible.module_utils.groundwork.state.model import Usage, VolumeUse
from ansible.module_utils.groundwork.state.stack_containers import StackContainers
from ansible.module_utils.groundwork.state.usage import read_usage, size_of
from converged import DESIRED, PARAMS
from stack_facts import facts_of

LABELS = {"storage_format": "redis", "directory": "", "user": ""}
STORES = ("groundwork_owner", "groundwork_redis_data", "groundwork_mail.conf_data")
VOLUMES = dict.fromkeys(STORES, LABELS)
LISTED = [
    {"Name": "groundwork_redis_data", "Size": "47.07MB"},
    {"Name": "groundwork_mail.conf_data", "Size": "0B"},
    {"Name": "groundwork_owner", "Size": "0B"},
    {"Name": "other_redis_data", "Size": "1GB"},
]


class _Engine(Docker):
    """Answers `system df`, `info` and `exec df`."""

    def run(self, *args: str, **options: Any) -> CommandResult:
        match args:
            case ("system", "df", *_):
                return CommandResult(0, json.dumps(LISTED), "")
            case ("info", *_):
                return CommandResult(0, "/not/on/this/machine\n", "")
            case ("exec", "id-redis", "df", *_):
                head = "Filesystem 1024-blocks Used Available Capacity Mounted on"
                return CommandResult(0, f"{head}\noverlay 100 40 60 40% /\n", "")
        raise AssertionError(args)


@pytest.fixture(autouse=True)
def servers(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> Connections:
        raise ProbeError("no answer")

    monkeypatch.setitem(CONNECTIONS, "redis", lambda *_: Connections(3, 100))
    monkeypatch.setitem(CONNECTIONS, "postgres", silent)


def test_a_volume_that_is_not_live_takes_space_too(tmp_path: Path) -> None:
    desired = Desired.of(PARAMS | {"stack_dir": str(tmp_path)})
    live.write(tmp_path, {"mail.conf": 1})
    facts = facts_of(desired, volumes=VOLUMES)
    assert read_usage(desired, facts, _Engine()).volumes == {
        "groundwork_redis_data": VolumeUse("redis", 47_070_000),
        "groundwork_mail.conf_data": VolumeUse("mail", 0, live=False),
    }


def test_volumes_by_name_connections_of_those_that_answer_and_free_space() -> None:
    running = {"redis": {"Id": "id-redis", "State": {"Status": "running"}}}
    answers = {name: ProbeAnswer(True, "1", "", "") for name in ("postgres", "redis")}
    facts = facts_of(
        DESIRED,
        volumes=VOLUMES,
        answers=answers,
        stack_containers=StackContainers(running),
    )
    assert read_usage(DESIRED, facts, _Engine()) == Usage(
        {
            "groundwork_mail.conf_data": VolumeUse("mail", 0),
            "groundwork_redis_data": VolumeUse("redis", 47_070_000),
        },
        {"redis": Connections(3, 100)},
        60 * 1024,
    )


def test_a_server_that_does_not_answer_is_not_asked_again() -> None:
    facts = facts_of(DESIRED, answers={"redis": ProbeAnswer(False, "", "no answer", "")})
    assert read_usage(DESIRED, facts, _Engine()).connections == {}


def test_without_an_engine_nothing_is_known() -> None:
    facts = facts_of(DESIRED, engine=Engine("stopped"), volumes=VOLUMES)
    assert read_usage(DESIRED, facts, Docker("no such docker")) == Usage()


def test_of_somebody_elses_stack_nothing_is_asked(tmp_path: Path) -> None:
    facts = facts_of(DESIRED, owner=StackOwner(str(tmp_path), "bob"), volumes=VOLUMES)
    assert read_usage(DESIRED, facts, _Engine()) == Usage()


def test_the_engines_own_disk_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "free_megabytes", lambda docker: (7, "/var/lib/docker"))
    assert read_usage(DESIRED, facts_of(DESIRED), _Engine()).free == 7_000_000


@pytest.mark.parametrize(
    ("text", "size"),
    [("0B", 0), ("177B", 177), ("1.5kB", 1500), ("2.345GB", 2_345_000_000), ("N/A", None)],
)
def test_a_size_as_the_engine_writes_it(text: str, size: int | None) -> None:
    assert size_of(text) == size
