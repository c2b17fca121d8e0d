"""How throw-away containers are started, and cleared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible.module_utils.groundwork.data.job import Job, Mount
from ansible.module_utils.groundwork.docker import CommandResult, Docker
from ansible.module_utils.groundwork.errors import GroundworkError


@dataclass(frozen=True)
class Recorded(Docker):
    """An engine that notes what it is asked, and answers each verb with a result."""

    results: dict[str, CommandResult] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    given: list[str | None] = field(default_factory=list)

    def run(self, *args: str, **options: Any) -> CommandResult:
        self.asked.append(args)
        self.given.append(options.get("stdin"))
        return self.results.get(args[0], CommandResult(0, "", ""))


@pytest.mark.parametrize(
    ("mount", "argument"),
    [
        (Mount("shop_data", "/data"), "type=volume,source=shop_data,target=/data"),
        (Mount("/a b", "/c", read_only=True), "type=bind,source=/a b,target=/c,readonly"),
        (Mount("/a,b", "/c"), 'type=bind,"source=/a,b",target=/c'),
        (Mount('/a"b', "/c"), 'type=bind,"source=/a""b",target=/c'),
    ],
)
def test_a_mount_is_one_line_of_csv(mount: Mount, argument: str) -> None:
    assert mount.argument == argument


def test_a_job_has_no_network_no_rights_and_a_label() -> None:
    engine = Recorded()
    Job(engine, "shop", "image").run("cat", stdin="secret")
    (run,) = engine.asked
    text = " ".join(run)
    assert "--network none" in text
    assert "--cap-drop ALL" in text
    assert "--label groundwork.job=shop" in text
    assert "--interactive" in run
    assert "secret" not in text
    assert engine.given[0] == "secret"


def test_a_job_that_failed_or_was_interrupted_is_removed() -> None:
    engine = Recorded(results={"run": CommandResult(124, "", "no answer")})
    Job(engine, "shop", "image").run("cat")
    run, removed = engine.asked
    assert removed == ("rm", "--force", "--volumes", run[run.index("--name") + 1])


def test_a_server_that_does_not_start_is_removed_and_told() -> None:
    engine = Recorded(results={"run": CommandResult(125, "", "no such image")})
    with (
        pytest.raises(GroundworkError, match="no such image"),
        Job(engine, "shop", "image").started(),
    ):
        pytest.fail("started")
    assert engine.asked[-1][0] == "rm"


def test_a_server_is_stopped_in_order_and_removed_after_an_error_too() -> None:
    engine = Recorded()
    with Job(engine, "shop", "image").started("serve") as name:
        assert name.startswith("shop-server-")
    assert [each[0] for each in engine.asked] == ["run", "stop", "rm"]
    with pytest.raises(ZeroDivisionError), Job(engine, "shop", "image").started():
        raise ZeroDivisionError
    assert engine.asked[-1][0] == "rm"


@pytest.mark.parametrize(("pid", "children"), [("", True), ("postgres", False)])
def test_beside_a_service_nothing_is_left_to_its_first_process(pid: str, children: bool) -> None:
    engine = Recorded()
    with Job(engine, "shop", "image", pid=pid).waiting() as work:
        work("true")
    run, *_ = engine.asked
    assert run[-1].startswith("exec ") is not children


def test_one_is_removed_by_whoever_takes_that_upon_him() -> None:
    engine, later = Recorded(), []
    with Job(engine, "shop", "image").waiting(later.append):
        pass
    assert [each[0] for each in engine.asked] == ["run"]
    later.pop()()
    assert [each[0] for each in engine.asked] == ["run", "rm"]
    with pytest.raises(ZeroDivisionError), Job(engine, "shop", "image").waiting(later.append):
        raise ZeroDivisionError
    assert len(later) == 1
