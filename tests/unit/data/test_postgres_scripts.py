"""The scripts, with programs that only note what they are asked."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.data import postgres_scripts as scripts


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A directory of programs: PostgreSQL's and what needs root."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for name in ("pg_basebackup", "pg_verifybackup", "pg_controldata", "chown", "sync"):
        program = directory / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>"$NOTES"\n', encoding="utf-8")
        program.chmod(0o755)
    return directory


def run(script: str, programs: Path, *arguments: str) -> tuple[int, str]:
    """Its exit code, and which programs it called."""
    notes = programs / "notes"
    notes.write_text("", encoding="utf-8")
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-euc", script, "sh", *arguments],
        env={"PATH": path, "NOTES": str(notes)},
        cwd=programs.parent,
        capture_output=True,
        check=False,
    )
    return done.returncode, notes.read_text(encoding="utf-8")


@pytest.fixture
def fill(tmp_path: Path) -> str:
    """The script, with its mounts below a directory of the test's."""
    copied = tmp_path / "copy/one/data"
    copied.mkdir(parents=True)
    (copied / "backup_manifest").write_text("{}", encoding="utf-8")
    (copied / ".hidden").write_text("too", encoding="utf-8")
    (tmp_path / "new").mkdir()
    place = str(tmp_path / "new")
    return scripts.FILL.replace("/copy/", f"{tmp_path}/copy/").replace(scripts.DATA, place)


def test_a_volume_is_filled_and_every_file_verified(
    fill: str, programs: Path, tmp_path: Path
) -> None:
    (tmp_path / "new/lost+found").mkdir()
    code, notes = run(fill, programs, "one")
    assert code == 0
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        *("backup_manifest", ".hidden", "lost+found"),
    }
    assert sorted(notes.splitlines()) == [
        f"chown -R postgres:postgres {tmp_path}/new",
        f"pg_verifybackup -q {tmp_path}/new",
        "sync -f /tmp",
        f"sync -f {tmp_path}/new",
    ]
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["PG_VERSION", ".hidden", "..."])
def test_a_volume_with_anything_in_it_is_refused(
    fill: str, programs: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "new" / name).write_text("theirs", encoding="utf-8")
    assert run(fill, programs, "one") == (scripts.NOT_EMPTY, "")
    assert (tmp_path / "new" / name).read_text(encoding="utf-8") == "theirs"


def test_a_copy_without_a_manifest_is_none(fill: str, programs: Path) -> None:
    assert run(fill, programs, "other") == (scripts.NO_COPY, "")


def test_one_that_is_not_verified_is_broken(fill: str, programs: Path) -> None:
    (programs / "pg_verifybackup").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    assert run(fill, programs, "one")[0] == scripts.BROKEN


def test_without_a_socket_nothing_is_copied(programs: Path, tmp_path: Path) -> None:
    code, notes = run(scripts.BACKUP.replace("/proc/1/root", str(tmp_path)), programs, "app")
    assert (code, notes) == (1, "")
