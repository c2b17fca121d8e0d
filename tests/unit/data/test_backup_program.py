"""The timer's program: its settings, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.data import backup, backup_program
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.host.backup_notes import BackupNote


def settings(tmp_path: Path) -> dict[str, Any]:
    return {
        "stack_name": "shop",
        "services": {},
        "stack_dir": str(tmp_path),
        "repository": "s3:host/x",
        "directory": str(tmp_path / "x"),
        "password_file": str(tmp_path / "password"),
        "environment": {"AWS_ACCESS_KEY_ID": "abc"},
        "keep": {"daily": "7"},
        "lock": str(tmp_path / "lock"),
        "patience": "5",
        "docker_cli": str(tmp_path / "none"),
    }


def test_its_settings_become_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_program, "sources", lambda *given: [])
    place, _ = backup_program.set_up(settings(tmp_path))
    assert place.keep == {"daily": 7}
    assert place.repository.environment == {"AWS_ACCESS_KEY_ID": "abc"}
    assert place.repository.cache == tmp_path / "x" / "cache"


@pytest.mark.parametrize(("proven", "status"), [(True, 0), (False, 1)])
def test_it_ends_well_only_with_a_proven_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proven: bool, status: int
) -> None:
    monkeypatch.setattr(backup_program, "sources", lambda *given: [])
    monkeypatch.setattr(backup, "make", lambda *given: BackupNote("a", proven=proven))
    assert backup_program.main(json.dumps(settings(tmp_path))) == status


def test_what_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*given: object) -> None:
        raise GroundworkError("The disk is full.", next_step="Free some.")

    monkeypatch.setattr(backup_program, "sources", fail)
    assert backup_program.main(json.dumps(settings(tmp_path))) == 1
    assert capsys.readouterr().err == "The disk is full.\nNext: Free some.\n"
