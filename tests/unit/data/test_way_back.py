"""When a migration gets a snapshot, and what is done with it afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.data import notes, restore, snapshots, way_back
from ansible.module_utils.groundwork.data.model import FORMAT, Checkpoint, Manifest, Source
from ansible.module_utils.groundwork.data.way_back import Stack, begin, done, failed
from ansible.module_utils.groundwork.docker import CommandResult, Docker
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations import NOT_UNDONE, Outlook
from ansible.module_utils.groundwork.migrations.effects import Effects

NOW = datetime(2026, 1, 29, 10, 12, tzinfo=timezone.utc)
(DB,) = parse_services({"db": {"kind": "postgres", "image": "postgres:16-alpine", "port": 1}})
PLAIN = Outlook(("a1",), ("b2",), (Effects("b2"),))
LOSSY = replace(PLAIN, effects=(Effects("b2", (), ("drops a table",)),))
OUTSIDE = replace(PLAIN, effects=(Effects("b2", ("uses autocommit_block",)),))
FAILURE = f"Revision b2 failed.\nWhere: b2.py\n  {NOT_UNDONE}\nNext: Correct the file."
BACK = "ansible-playbook playbooks/restore.yml -e snapshot=migration-b2"


@dataclass(frozen=True)
class Engine(Docker):
    removed: list[str] = field(default_factory=list)

    def run(self, *args: str, **options: Any) -> CommandResult:
        if args[:2] == ("volume", "rm"):
            self.removed.extend(args[2:])
        return CommandResult(0, "", "")


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> list[Manifest]:
    """The snapshots that are there; `create` adds to them."""
    found: list[Manifest] = []

    def create(sources: Any, name: str, now: datetime, reason: str) -> Manifest:
        parts = {each.service.name: Checkpoint(kind=each.service.kind) for each in sources}
        found.append(Manifest(FORMAT, "shop", name, "", reason, parts))
        return found[-1]

    monkeypatch.setattr(snapshots, "create", create)
    monkeypatch.setattr(snapshots, "listed", lambda *_, **__: list(found))
    return found


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    engine = Engine()
    source = Source(engine, "shop", DB, "image", "", {"db": "shop_db_data"}, "id")
    return Stack(engine, tmp_path, (source,), source, "way", "shop", "localhost")


@pytest.fixture
def put_back(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []
    monkeypatch.setattr(restore, "put_back", lambda *given: calls.append(given))
    return calls


def states(stack: Stack) -> list[tuple[str, str]]:
    return [(each.snapshot, each.state) for each in notes.read(stack.directory)]


@pytest.mark.parametrize(
    ("outlook", "mode", "found"),
    [
        (PLAIN, "auto", ()),
        (PLAIN, "always", ("schema_snapshot is always",)),
        (LOSSY, "auto", ("revision b2 drops a table",)),
        (LOSSY, "always", ("revision b2 drops a table",)),
        (OUTSIDE, "auto", ("revision b2 uses autocommit_block",)),
        (OUTSIDE, "never", ()),
        (replace(OUTSIDE, empty=True), "always", ()),
        (Outlook(("b2",), ("b2",)), "always", ()),
    ],
)
def test_when_a_snapshot_comes_first(outlook: Outlook, mode: str, found: tuple[str, ...]) -> None:
    assert way_back.why(outlook, mode) == found


def test_the_snapshot_is_there_before_its_note(
    stack: Stack, there: list[Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not begin(stack, PLAIN, "auto", NOW).snapshot
    told = begin(stack, LOSSY, "auto", NOW, check=True)
    assert (told.snapshot, states(stack), there) == ("migration-b2", [], [])
    made = begin(stack, LOSSY, "auto", NOW)
    assert (made.snapshot, made.command) == ("migration-b2", BACK)
    assert [(each.name, each.reason) for each in there] == [("migration-b2", "migration a1 → b2")]
    assert states(stack) == [("migration-b2", "running")]

    def fail(*_: Any) -> None:
        raise GroundworkError("no room")

    monkeypatch.setattr(snapshots, "create", fail)
    (stack.directory / notes.FILE).unlink()
    with pytest.raises(GroundworkError, match="no room") as caught:
        begin(stack, LOSSY, "auto", NOW)
    assert "schema_snapshot=never" in str(caught.value)
    assert states(stack) == []


def test_a_name_is_the_heads_and_no_others() -> None:
    assert way_back.new_name(["b2"], []) == "migration-b2"
    assert way_back.new_name(["b2"], ["migration-b2", "migration-b2-2"]) == "migration-b2-3"
    assert way_back.new_name([], []) == "migration-base"
    long = way_back.new_name(["Add_Users/" * 9], [])
    assert long.startswith("migration-add-users-add")
    snapshots.check_name(f"{long}-99")


def test_what_a_killed_run_left_is_gone_on_with(stack: Stack, there: list[Manifest]) -> None:
    begin(stack, OUTSIDE, "auto", NOW)
    found = begin(stack, PLAIN, "auto", NOW)
    assert (found.interrupted, found.snapshot) == ("a1 → b2", "migration-b2")
    assert len(there) == 1
    (note,) = notes.read(stack.directory)
    assert note.interrupted and note.outside == ("b2",), "the file may be another one now"
    there.clear()
    assert begin(stack, OUTSIDE, "auto", NOW).interrupted == ""
    assert len(there) == 1, "without its snapshot, a new one"


@pytest.mark.parametrize(
    "outlook", [replace(LOSSY, empty=True), replace(LOSSY, before=("b2",), after=("c3",))]
)
def test_one_that_is_through_or_whose_data_went_is_not(
    stack: Stack, there: list[Manifest], outlook: Outlook
) -> None:
    begin(stack, OUTSIDE, "auto", NOW)
    assert begin(stack, outlook, "auto", NOW).interrupted == ""
    assert ("migration-b2", "done") in states(stack)


def test_other_data_than_those_it_began_with(stack: Stack, there: list[Manifest]) -> None:
    begin(stack, OUTSIDE, "auto", NOW)
    source = replace(stack.source, volumes={"db": "shop_db_data.1"})
    assert begin(replace(stack, source=source), OUTSIDE, "auto", NOW).snapshot == "migration-b2-2"


def test_a_migration_that_is_through_settles_those_that_failed(
    stack: Stack, there: list[Manifest]
) -> None:
    assert done(stack, NOW).command == ""
    begin(stack, OUTSIDE, "auto", NOW)
    failed(stack, "b2", FAILURE, "ask", NOW)
    begin(stack, OUTSIDE, "auto", NOW)
    assert states(stack) == [("migration-b2", "failed"), ("migration-b2-2", "running")]
    assert done(stack, NOW).command == f"{BACK}-2"
    assert states(stack) == [("migration-b2", "done"), ("migration-b2-2", "done")]
    later = NOW + timedelta(days=8)
    begin(stack, OUTSIDE, "auto", later)
    assert stack.docker.removed == ["shop_snapshot_migration-b2", "shop_snapshot_migration-b2-2"]
    assert states(stack) == [("migration-b2-3", "running")]


def test_what_stayed_is_put_back(stack: Stack, there: list[Manifest], put_back: list[Any]) -> None:
    begin(stack, OUTSIDE, "auto", NOW)
    found = failed(stack, "b2", FAILURE, "restore", NOW)
    assert found.restored and len(put_back) == 1
    lines = found.message.splitlines()
    assert "  db is as before the migration: the snapshot migration-b2 was put back." in lines
    assert lines[-1] == "Next: Correct the file." and NOT_UNDONE not in found.message
    assert states(stack) == [("migration-b2", "restored")]


def test_one_that_is_ended_while_it_puts_back_leads_to_the_same_snapshot(
    stack: Stack, there: list[Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*args: Any) -> Any:
        raise KeyboardInterrupt

    begin(stack, OUTSIDE, "auto", NOW)
    with monkeypatch.context() as patch:
        patch.setattr(restore, "put_back", ended)
        with pytest.raises(KeyboardInterrupt):
            failed(stack, "b2", FAILURE, "restore", NOW)
    assert states(stack) == [("migration-b2", "running")]
    found = begin(stack, OUTSIDE, "auto", NOW)
    assert (found.snapshot, found.interrupted) == ("migration-b2", "a1 → b2")


def test_on_a_shared_machine_the_command_is_named(
    stack: Stack, there: list[Manifest], put_back: list[Any]
) -> None:
    stack = replace(stack, word="shop@vm", host="vm")
    begin(stack, OUTSIDE, "auto", NOW)
    found = failed(stack, "b2", FAILURE, "ask", NOW)
    named = "restore.yml -e target=vm -e snapshot=migration-b2 -e restore_data=shop@vm"
    assert named in found.message and NOT_UNDONE in found.message
    assert (found.restored, put_back) == (False, [])
    assert states(stack) == [("migration-b2", "failed")]


@pytest.mark.parametrize("revision", ["", "b2"])
def test_what_a_transaction_undid_is_left(
    stack: Stack, there: list[Manifest], put_back: list[Any], revision: str
) -> None:
    begin(stack, LOSSY, "auto", NOW)
    found = failed(stack, revision, FAILURE, "restore", NOW)
    assert (found.restored, put_back) == (False, [])
    assert BACK in found.message
    assert states(stack) == [("migration-b2", "done")]
    assert failed(stack, revision, FAILURE, "restore", NOW).message == FAILURE, "no note, no word"


def test_a_second_run_that_never_began_leaves_the_first_as_it_is(
    stack: Stack, there: list[Manifest], put_back: list[Any]
) -> None:
    begin(stack, OUTSIDE, "auto", NOW)
    begin(stack, OUTSIDE, "auto", NOW)
    found = failed(stack, "", FAILURE, "restore", NOW)
    assert "An earlier run ended in the midst of a1 → b2" in found.message
    assert (put_back, states(stack)) == ([], [("migration-b2", "running")])


def test_data_that_cannot_be_put_back_are_named_with_their_command(
    stack: Stack, there: list[Manifest]
) -> None:
    begin(stack, OUTSIDE, "auto", NOW)
    there.clear()
    found = failed(stack, "b2", FAILURE, "restore", NOW)
    assert not found.restored
    assert "The data can't be put back: There is no snapshot 'migration-b2'." in found.message
    assert f"Once that is right: {BACK}" in found.message
    assert states(stack) == [("migration-b2", "failed")]
