"""Files: written whole, a person's lines and modes respected, nothing secret in a diff."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.module_utils.groundwork import dotenv, files
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.files import Wanted

BLOCK = "API_KEY=s3cret\nAPP_ENV=development\n"


def wanted(path: Path, text: str = BLOCK, block: bool = True) -> Wanted:
    return Wanted(path, text, 0o600, block)


def write(item: Wanted) -> files.State:
    state = files.compare(item)
    files.write(state)
    return state


def test_missing_then_same(tmp_path: Path) -> None:
    item = wanted(tmp_path / "new folder" / ".env")
    assert write(item).verdict == "missing"
    assert files.compare(item).verdict == "same"
    assert item.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("mode", "folder"), [(0o644, 0o755), (0o600, 0o700)])
def test_a_folder_is_as_open_as_its_file_whatever_the_umask(
    tmp_path: Path, mode: int, folder: int
) -> None:
    path = tmp_path / "srv" / "infra" / "file"
    before = os.umask(0o077)
    try:
        write(Wanted(path, "text\n", mode))
    finally:
        os.umask(before)
    assert [each.stat().st_mode & 0o777 for each in (path, path.parent, path.parent.parent)] == [
        mode,
        folder,
        folder,
    ]


def test_another_mode_is_a_difference_and_is_mended(tmp_path: Path) -> None:
    item = wanted(tmp_path / ".env")
    write(item)
    item.path.chmod(0o644)
    assert write(item).verdict == "differs"
    assert item.path.stat().st_mode & 0o777 == 0o600


def test_no_temporary_file_is_left(tmp_path: Path) -> None:
    write(wanted(tmp_path / ".env"))
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.env"
    real.write_text("MINE=1\n")
    link = tmp_path / ".env"
    link.symlink_to(real)
    write(wanted(link))
    assert link.is_symlink()
    assert dotenv.parse(real.read_text()) == {
        "API_KEY": "s3cret",
        "APP_ENV": "development",
        "MINE": "1",
    }


def test_a_folder_in_the_files_place_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(GroundworkError, match="is a folder"):
        files.compare(wanted(tmp_path / ".env"))


def test_a_file_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GroundworkError, match="UTF-8"):
        files.compare(wanted(tmp_path / ".env"))
    assert (tmp_path / ".env").read_bytes() == b"\xff\xfe\x00"


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, which only root can")
def test_an_unwritable_file_is_named_for_an_ordinary_user(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("MINE=1\n")
    path.chmod(0o444)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    script = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from groundwork import files\n"
        "os.setuid(65534)\n"
        "files.check_writable(Path(sys.argv[2]))\n"
    )
    core = Path(files.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", script, str(core), str(path)], capture_output=True, text=True
    )
    assert "this user may not write to" in done.stderr
    assert path.read_text() == "MINE=1\n"


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    item = wanted(tmp_path / ".env")
    item.path.write_text("MINE=1\n")
    state = files.compare(item)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)  # a disk that is full when it is flushed
    with pytest.raises(GroundworkError, match="No space left"):
        files.write(state)
    assert item.path.read_text() == "MINE=1\n"
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_a_diff_shows_what_changes_and_nothing_secret(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(dotenv.merge("TOKEN=my own\nNOTE=mine\n", "API_KEY=old-s3cret\nAPP_ENV=x\n"))
    text = files.diff(files.compare(wanted(path)), ["s3cret"])["prepared"]
    assert "-APP_ENV=x" in text
    assert "+APP_ENV=development" in text
    for hidden in ("s3cret", "my own", "mine"):
        assert hidden not in text


def test_a_private_file_is_in_a_folder_of_its_owners_alone_and_never_shown(tmp_path: Path) -> None:
    wanted = Wanted(tmp_path / "secrets" / "redis", "a hash\n", 0o444, private=True)
    files.write(files.compare(wanted))
    assert wanted.path.stat().st_mode & 0o777 == 0o444
    assert wanted.path.parent.stat().st_mode & 0o777 == 0o700
    assert files.compare(wanted).verdict == "same"
    wanted.path.parent.chmod(0o755)
    assert files.compare(wanted).verdict == "differs"
    other = Wanted(wanted.path, "another\n", 0o444, private=True)
    assert files.verdicts([files.compare(other)]) == {str(wanted.path.parent): "differs"}
    shown = files.diff(files.compare(other), [])["prepared"]
    assert "hash" not in shown
    assert "another" not in shown
