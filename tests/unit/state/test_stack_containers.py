"""Who uses a stack's volumes, and what its containers and volumes are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fake_engine
import pytest
from ansible.module_utils.groundwork.docker import volumes
from ansible.module_utils.groundwork.state.desired import Desired
from ansible.module_utils.groundwork.state.model import ServiceState
from ansible.module_utils.groundwork.state.stack_containers import (
    configuration,
    custom_reason,
    former,
    gather_containers,
    left_data,
)
from container_entry import ENTRY
from fake_engine import container
from stack_params import params, problems_found


@pytest.mark.parametrize("state", ["running", "exited", "created"])
def test_a_container_of_others_that_may_write_to_a_volume_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    writer = container("x-redis-1", "x", mounts={"alone_redis_data": True}, state=state)
    (found,) = problems_found(tmp_path, monkeypatch, writer)
    assert "x-redis-1" in found["what"] and "alone_redis_data" in found["what"]
    assert "`docker rm --force x-redis-1`" in found["next_step"]


def test_whoever_does_no_harm_is_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = container("backup", mounts={"alone_redis_data": False})
    ours = container("alone-redis-1", "alone", service="redis", mounts={"alone_redis_data": True})
    longer = container("y", "y", mounts={"alone_redis_data_old": True})
    left = container("z", "z", mounts={"alone_postgres_data": True})  # of no service here
    labelled = container("by-hand", "alone")  # says that it is of the project, but of no service
    ours |= {"NetworkSettings": {"Ports": {}}, "Image": "sha256:1"}
    assert problems_found(tmp_path, monkeypatch, reader, ours, longer, left, labelled) == []


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"state": "orphan"}, "is not in the inventory any more; its data stay, in the volume v"),
        ({"custom": True, "state": "missing", "config": "in_sync"}, "has no container yet"),
        ({"custom": True, "state": "running", "config": "changed"}, "its configuration changed"),
        (
            {"custom": True, "state": "running", "config": "moved"},
            "its container was made from another directory; it is made anew, its data stay",
        ),
        ({"custom": True, "state": "running", "config": "in_sync"}, ""),
        ({"custom": True, "state": "exited", "config": "in_sync", "exit_code": 0}, ""),
        (
            {"custom": True, "state": "exited", "config": "in_sync", "exit_code": 1},
            "its container is exited",
        ),
    ],
)
def test_a_service_that_the_inventory_does_not_have(found: dict[str, Any], reason: str) -> None:
    assert custom_reason(ServiceState.from_dict(found), "v") == reason


@pytest.mark.parametrize(
    ("place", "digest", "said"),
    [
        *(("here", "h", "in_sync"), ("link", "h", "in_sync"), ("old", "h", "moved")),
        *(("here", "x", "changed"), ("old", "x", "moved")),
    ],
)
def test_a_container_is_as_it_should_be_where_its_directory_is(
    tmp_path: Path, place: str, digest: str, said: str
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "here")
    labels = {"com.docker.compose.project.working_dir": str(tmp_path / place)}
    found = {"Config": {"Labels": labels | {"com.docker.compose.config-hash": digest}}}
    assert configuration(found, "h", tmp_path / "here") == said
    assert configuration(found, None, tmp_path / "here") == "unknown"


def test_all_volumes_of_a_container_are_its_own(tmp_path: Path) -> None:
    """A container of others on any of them is named, and one that its entry names no more."""
    wanted = Desired.of(params(str(tmp_path), services={"mail": ENTRY}))
    writer = fake_engine.container("x", "x", mounts={"alone_mail.conf_data": True})
    found = gather_containers(fake_engine.FakeEngine(containers=[writer]), wanted)
    assert [each.volume for each in found.strangers] == ["alone_mail.conf_data"]
    names = ("alone_mail_data", "alone_mail.conf_data", "alone_mail.old_data", "alone_gone_data")
    names += ("alone_mail_data.1", "alone_gone_data.4")
    labelled = {name: {"storage_format": "container"} for name in names}
    assert left_data(wanted, labelled) == {
        "mail.old": "alone_mail.old_data",
        "gone": "alone_gone_data",
    }
    volumes.write(wanted.stack_dir, {"gone": 9, "mail": 1})
    again = Desired.of(params(str(tmp_path), services={"mail": ENTRY}))
    assert again.volumes(again.managed[0]) == ["alone_mail_data.1", "alone_mail.conf_data"]
    assert left_data(again, labelled)["gone"] == "alone_gone_data.4"  # 9 isn't there
    assert former(again, labelled) == {"mail": ["alone_mail_data"]}
