"""What killed runs left of their work on a stack's data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible.module_utils.groundwork.docker import CommandResult, Docker, jobs


@dataclass(frozen=True)
class Engine(Docker):
    left: dict[str, str] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def inspect(self, kind: str, names: Any) -> dict[str, dict[str, Any]]:
        return {
            each: {
                "Id": each,
                "Config": {"Labels": {jobs.STOPPED: self.stopped.get(each, "")}},
                "HostConfig": {"PidMode": "container:db" if each in self.beside else ""},
            }
            for each in names
        }

    def run(self, *args: str, **options: Any) -> CommandResult:
        self.asked.append(args)
        return CommandResult(0, self.left.get(args[0], "") if args[1] != "rm" else "", "")


def test_containers_end_in_order_and_go_by_their_label_before_volumes_do() -> None:
    engine = Engine(left={"ps": "a\nb\n", "volume": "work\n"})
    assert jobs.clear(engine, "shop") == 3
    assert "label=groundwork.job=shop" in engine.asked[0]
    assert engine.asked[1] == ("stop", "--time", "60", "a", "b")
    assert engine.asked[2] == ("rm", "--force", "--volumes", "a", "b")
    assert engine.asked[-1] == ("volume", "rm", "--force", "work")


def test_what_was_stopped_for_them_is_started_again() -> None:
    engine = Engine(left={"ps": "a\nb\n"}, stopped={"b": "mail"})
    jobs.clear(engine, "shop")
    verbs = [each[0] for each in engine.asked]
    assert verbs.index("start") > verbs.index("rm")
    assert [each for each in engine.asked if each[0] == "start"] == [("start", "mail")]


def test_a_note_stays_for_who_wrote_it() -> None:
    engine = Engine(left={"volume": "work\nnote|a%20b\n"})
    assert jobs.notes(engine, "shop") == {"note": "a b"}
    jobs.write_note(engine, "shop", "a b")
    assert "groundwork.note=a%20b" in engine.asked[-1]


def test_without_any_nothing_is_touched() -> None:
    engine = Engine()
    assert jobs.clear(engine, "shop") == 0
    assert [each[0] for each in engine.asked] == ["ps", "volume"]


@dataclass(frozen=True)
class Beside(Docker):
    """Its job has so many processes when it is asked, one after the other."""

    counts: list[int] = field(default_factory=list)

    def run(self, *args: str, **options: Any) -> CommandResult:
        assert args[0] == "top"
        count = self.counts.pop(0)
        return CommandResult(0 if count else 1, "PID\n" + "7\n" * count, "")


@pytest.mark.parametrize(
    ("counts", "seconds", "ends"),
    [([3, 2, 1], 60, True), ([3, 0], 60, True), ([1], 0, True), ([3, 3], -1, False)],
)
def test_work_beside_a_service_is_let_to_its_end(
    counts: list[int], seconds: float, ends: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_PAUSE", 0)
    assert jobs.finished(Beside(counts=counts), "job", seconds) is ends


def test_what_works_beside_a_service_is_waited_for_before_it_is_stopped() -> None:
    engine = Engine(left={"ps": "a\nb\n"}, beside=("b",))
    jobs.clear(engine, "shop")
    verbs = [each[:2] for each in engine.asked]
    assert verbs.index(("top", "b")) < verbs.index(("stop", "--time"))
    assert ("top", "a") not in verbs
