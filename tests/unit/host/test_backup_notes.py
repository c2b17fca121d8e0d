"""What a machine knows of its backups."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.host import backup_notes
from ansible.module_utils.groundwork.host.backup_notes import BackupNote, BackupState

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)


def proven(name: str, made: str) -> BackupNote:
    return BackupNote(name, made, proven=True, proof="2026-01-02T01:00:00Z")


def test_the_newest_proven_one_counts(tmp_path: Path) -> None:
    backup_notes.write(tmp_path, proven("a", "2026-01-01T10:00:00Z"))
    backup_notes.write(tmp_path, proven("b", "2026-01-01T11:00:00Z"))
    backup_notes.write(tmp_path, BackupNote("c", "2026-01-02T11:00:00Z"))
    state = backup_notes.state(tmp_path, NOON)
    assert (state.made, state.age, state.overdue) == ("2026-01-01T11:00:00Z", 25 * 3600.0, "")
    assert str(state) == "proven, 25 h old (2026-01-01T11:00:00Z)"
    assert oct((tmp_path / "notes" / "a.json").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (BackupState(), "no backup was proven yet"),
        (BackupState("x", 27 * 3600.0), "no backup was proven for 27 h"),
        (BackupState("x", 27 * 3600.0, "full"), "no backup was proven for 27 h: full"),
        (BackupState("x", 26 * 3600.0, "full"), ""),
        (BackupState("x", 3 * 3600.0, hours=2), "no backup was proven for 3 h"),
    ],
)
def test_after_26_hours_something_is_wrong(state: BackupState, sentence: str) -> None:
    assert state.overdue == sentence


def test_a_failure_is_over_with_a_proven_one(tmp_path: Path) -> None:
    backup_notes.fail(tmp_path, "the disk is full", "2026-01-01T10:00:00Z")
    assert backup_notes.state(tmp_path, NOON).failed == "the disk is full"
    backup_notes.write(tmp_path, BackupNote("a", "2026-01-01T10:00:00Z", why="other rows"))
    assert backup_notes.state(tmp_path, NOON).failed == "other rows"
    backup_notes.write(tmp_path, proven("b", "2026-01-01T11:00:00Z"))
    assert backup_notes.state(tmp_path, NOON).failed == ""


def test_notes_of_what_is_gone_go(tmp_path: Path) -> None:
    for name in "abc":
        backup_notes.write(tmp_path, proven(name, "2026-01-01T10:00:00Z"))
    backup_notes.drop(tmp_path, ["b"])
    assert [*backup_notes.notes(tmp_path)] == ["b"]


def test_half_a_note_counts_as_none(tmp_path: Path) -> None:
    backup_notes.write(tmp_path, proven("a", "2026-01-01T10:00:00Z"))
    (tmp_path / "notes" / "a.json").write_text('{"id": "a", "proven": tr')
    assert backup_notes.notes(tmp_path) == {}
    assert backup_notes.state(tmp_path / "none", NOON).overdue


def test_a_week_s_reading_is_remembered(tmp_path: Path) -> None:
    assert not backup_notes.read_lately(tmp_path, "2026-1")
    backup_notes.note_reading(tmp_path, "2026-1")
    assert backup_notes.read_lately(tmp_path, "2026-1")
    assert not backup_notes.read_lately(tmp_path, "2026-2")


@pytest.mark.parametrize(
    ("note", "verdict"),
    [
        (BackupNote(proven=True), "proven"),
        (BackupNote(why="x"), "not proven: x"),
        (BackupNote(), "not proven: it was cut short"),
    ],
)
def test_the_verdict_in_words(note: BackupNote, verdict: str) -> None:
    assert note.verdict == verdict
