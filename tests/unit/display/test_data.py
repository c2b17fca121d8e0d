"""Snapshots and restores as people read them."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.groundwork.data import (
    Backups,
    Move,
    Restored,
    Snapshot,
    Snapshots,
    Upgraded,
    WayBack,
)
from ansible.module_utils.groundwork.display.data import (
    backup_lines,
    restore_lines,
    snapshot_lines,
    upgrade_lines,
    way_back_lines,
)
from ansible.module_utils.groundwork.display.outcome import Outcome, Task
from ansible.module_utils.groundwork.display.text import ASCII, plain
from ansible.module_utils.groundwork.host import BackupNote

ONE = Snapshot("before-x", "2026-01-29T10:12:00Z", "", {"postgres": 47_100_000, "redis": 177})
TWO = Snapshot("2026-02-01", "damaged", "migration to 8c1d", {})


def outcome(result: dict[str, Any], status: str = "ok") -> Outcome:
    task = Task(name="x", module="data_snapshot", role="data", title="Data", stage="data")
    return Outcome(task=task, host="localhost", status=status, result=result)


def snapshot(*args: Any) -> list[str]:
    return plain(snapshot_lines(outcome(Snapshots(*args).to_dict()), ASCII))


def test_a_new_one_says_its_size_and_the_way_back() -> None:
    first, removed, back = snapshot("before-x", ("old",), (ONE,))
    assert first.split() == ["snapshot", "before-x", "postgres", "47.1", "MB,", "redis", "177", "B"]
    assert removed.split() == ["removed", "old"]
    assert back.endswith("playbooks/restore.yml -e snapshot=before-x")


def test_a_list_has_the_newest_first() -> None:
    newest, oldest = snapshot("", (), (ONE, TWO))
    assert "2026-02-01" in newest
    assert "migration to 8c1d" in newest
    assert "before-x" in oldest
    assert "days ago" in oldest
    assert snapshot("", (), ()) == ["  no snapshots"]


def test_a_check_names_what_would_be_made() -> None:
    assert [line.split() for line in snapshot("x", (), ())] == [["snapshot", "x"]]


def test_a_restore_says_what_is_kept_and_how_to_go_back() -> None:
    result = Restored("before-x", ("db",), ("v.1",), ("v",), ("v.0",)).to_dict()
    restored, kept, back, removed = plain(restore_lines(outcome(result), ASCII))
    assert restored.split() == ["restored", "db", "from", "the", "snapshot", "before-x"]
    assert kept.split() == ["kept", "v", "until", "it", "is", "confirmed"]
    assert "-e back=true" in back
    assert removed.split() == ["removed", "v.0"]
    assert restore_lines(outcome(result, "failed"), ASCII) == []


def way_back(**result: Any) -> list[str]:
    found = WayBack(tree="way", **result).to_dict()
    return plain(way_back_lines(outcome(found), ASCII))


def test_a_migrations_snapshot_says_why_it_comes_first() -> None:
    because = ("revision b2 drops a table", "revision c3 works CONCURRENTLY")
    made, more, removed = way_back(snapshot="migration-c3", because=because, removed=("old",))
    assert made == "snapshot  migration-c3 first, because revision b2 drops a table"
    assert more.strip() == because[1]
    assert removed.split() == ["removed", "old"]
    assert way_back() == []


def test_afterwards_it_says_how_to_go_back() -> None:
    command = "ansible-playbook playbooks/restore.yml -e snapshot=migration-c3"
    (back,) = way_back(snapshot="migration-c3", command=command)
    assert back.split(maxsplit=1) == ["back", command]
    assert way_back(snapshot="migration-c3", restored=True)[0].split()[0] == "restored"


def test_what_was_under_way_is_told() -> None:
    goes_on, snapshot = way_back(snapshot="migration-c3", interrupted="a1 → c3")
    assert goes_on.split(maxsplit=2)[2] == "a run ended in the midst of a1 -> c3"
    assert snapshot.endswith("migration-c3 is from before that")


def test_an_upgrade_says_what_is_kept_and_all_that_going_back_takes() -> None:
    move = Move("db", "postgres:17", "postgres-17-glibc", "postgres:16", "postgres-16-glibc")
    result = Upgraded(move, "v.1", "v").to_dict()
    way, kept, confirm, *back = plain(upgrade_lines(outcome(result), ASCII))
    assert "postgres-16-glibc to postgres-17-glibc" in way
    assert kept.split() == ["kept", "v", "until", "it", "is", "confirmed"]
    assert "-e confirm=true" in confirm
    assert "postgres:16" in back[0]
    assert "-e back=true -e service=db" in back[1]
    assert "lost" in back[2]
    assert len(upgrade_lines(outcome(Upgraded(move).to_dict()), ASCII)) == 1  # a check
    assert upgrade_lines(outcome(Upgraded().to_dict()), ASCII) == []
    assert upgrade_lines(outcome(result, "failed"), ASCII) == []


def test_backups_say_whether_they_are_proven() -> None:
    notes = (
        BackupNote("a" * 64, "2026-01-29T10:12:00Z", 47_100_000, ("postgres",), proven=True),
        BackupNote("b" * 64, "2026-01-28T10:12:00Z", why="postgres: a table differs"),
    )
    rows = plain(backup_lines(outcome(Backups(backups=notes).to_dict()), ASCII))
    assert rows[0].split()[:2] == ["backup", "aaaaaaaa"]
    assert rows[0].endswith("ago  proven  postgres 47.1 MB")
    assert rows[1].endswith("not proven: postgres: a table differs")
    assert plain(backup_lines(outcome(Backups().to_dict()), ASCII)) == ["  no backups"]
    made = Backups("a" * 64, ("copied postgres",), notes[:1]).to_dict()
    assert "copied postgres" in plain(backup_lines(outcome(made), ASCII))[0]
    assert backup_lines(outcome(made, "failed"), ASCII) == []


def test_going_back_says_what_is_left_behind() -> None:
    result = Restored(services=("db",), volumes=("v",), former=("v.1",)).to_dict()
    restored, kept, note = plain(restore_lines(outcome(result), ASCII))
    assert restored.endswith("from the data from before")
    assert kept.split()[1] == "v.1"
    assert "what was written since the restore is in these alone" in note


def test_a_restore_of_a_backup_names_it() -> None:
    result = Restored(services=("db",), former=("v",), backup="aaaaaaaa").to_dict()
    restored, _, back = plain(restore_lines(outcome(result), ASCII))
    assert restored.split() == ["restored", "db", "from", "the", "backup", "aaaaaaaa"]
    assert "-e back=true" in back
