"""The file that says which migrations had a snapshot, and which of these have to stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.data import notes
from ansible.module_utils.groundwork.data.notes import DONE, FAILED, RESTORED, RUNNING, Note
from ansible.module_utils.groundwork.errors import GroundworkError

NOW = datetime(2026, 1, 29, 10, 12, tzinfo=timezone.utc)
NOTE = Note("db", "shop", "migration-b2", ("a1",), ("b2",), ("b2",), RUNNING)


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert notes.read(tmp_path) == []


def test_a_note_is_kept_whole_and_replaced_by_its_snapshot(tmp_path: Path) -> None:
    notes.keep(tmp_path, NOTE, NOW)
    notes.keep(tmp_path, replace(NOTE, snapshot="migration-c3"), NOW)
    notes.keep(tmp_path, replace(NOTE, state=DONE), NOW)
    assert [(each.snapshot, each.state) for each in notes.read(tmp_path)] == [
        ("migration-c3", RUNNING),
        ("migration-b2", DONE),
    ]
    assert notes.read(tmp_path)[1] == replace(NOTE, state=DONE, at=NOW.isoformat())
    assert [path.name for path in tmp_path.iterdir()] == ["migration.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 2, "migrations": []}', '{"format": 1, "migrations": [{}]}']
)
def test_a_damaged_file_is_no_guess(tmp_path: Path, text: str) -> None:
    (tmp_path / "migration.json").write_text(text, encoding="utf-8")
    with pytest.raises(GroundworkError, match="can't be understood"):
        notes.read(tmp_path)


def test_what_has_to_stay() -> None:
    week, less = ((NOW - timedelta(days=d)).isoformat() for d in (7, 6))
    known = [
        replace(NOTE, snapshot=f"{state}-{at}", state=state, at=at)
        for state in (RUNNING, DONE, FAILED, RESTORED)
        for at in (week, less)
    ]
    assert notes.needed(known, NOW) == {
        f"{RUNNING}-{week}",
        f"{RUNNING}-{less}",
        f"{DONE}-{less}",
        f"{FAILED}-{week}",
        f"{FAILED}-{less}",
    }


def test_of_many_in_a_day_the_newest_stay() -> None:
    times = [(NOW - timedelta(hours=hours)).isoformat() for hours in range(1, 11)]
    known = [replace(NOTE, snapshot=f"s{n}", state=DONE, at=at) for n, at in enumerate(times)]
    known.append(replace(NOTE, snapshot="open", state=FAILED, at=times[-1]))
    assert notes.needed(known, NOW) == {"s0", "s1", "s2", "s3", "s4", "open"}


def test_of_many_that_failed_the_first_stays_too() -> None:
    times = [(NOW - timedelta(hours=hours)).isoformat() for hours in range(10)]
    known = [replace(NOTE, snapshot=f"s{n}", state=FAILED, at=at) for n, at in enumerate(times)]
    assert notes.needed(known, NOW) == {"s0", "s1", "s2", "s3", "s4", "s9"}
    other = replace(NOTE, snapshot="other", tree="orders", state=FAILED, at=times[8])
    assert notes.needed([*known, other], NOW) >= {"s9", "other"}


def test_the_one_under_way_is_the_trees_own() -> None:
    other = replace(NOTE, tree="orders")
    assert notes.running([NOTE, replace(NOTE, state=DONE)], "db", "shop") == NOTE
    assert notes.running([other], "db", "shop") is None
    assert NOTE.way == "a1 → b2"
    assert replace(NOTE, before=()).way == "base → b2"


def test_a_run_that_ended_in_a_migration_is_known(tmp_path: Path) -> None:
    assert not notes.interrupted(tmp_path)
    notes.keep(tmp_path, replace(NOTE, state=FAILED), NOW)
    assert not notes.interrupted(tmp_path)
    notes.keep(tmp_path, NOTE, NOW)
    assert notes.interrupted(tmp_path)
    (tmp_path / "migration.json").write_text("{", encoding="utf-8")
    assert notes.interrupted(tmp_path), "nobody can tell"
