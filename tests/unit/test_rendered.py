"""Files: written whole, a person's lines and modes respected, nothing secret in a diff."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible.module_utils.groundwork import dotenv, files, rendered
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.rendered import WantedFile
from ordinary_user import NOBODY, as_ordinary_user

BLOCK = "API_KEY=s3cret\nAPP_ENV=development\n"


def compared(wanted: rendered.WantedFile) -> rendered.FileState:
    return rendered.compare(wanted, files.inspect(wanted.path))


def wanted(path: Path, text: str = BLOCK, block: bool = True) -> WantedFile:
    return WantedFile(path, text, 0o600, block)


def write(item: WantedFile) -> rendered.FileState:
    state = compared(item)
    rendered.write(state)
    return state


def test_missing_then_same(tmp_path: Path) -> None:
    item = wanted(tmp_path / "new directory" / ".env")
    assert write(item).status == "missing"
    assert compared(item).status == "in_sync"
    assert item.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("mode", "directory"), [(0o644, 0o755), (0o600, 0o700)])
def test_a_directory_is_as_open_as_its_file_whatever_the_umask(
    tmp_path: Path, mode: int, directory: int
) -> None:
    path = tmp_path / "srv" / "infra" / "file"
    before = os.umask(0o077)
    try:
        write(WantedFile(path, "text\n", mode))
    finally:
        os.umask(before)
    assert [each.stat().st_mode & 0o777 for each in (path, path.parent, path.parent.parent)] == [
        mode,
        directory,
        directory,
    ]


def test_another_mode_is_a_difference_and_is_mended(tmp_path: Path) -> None:
    item = wanted(tmp_path / ".env")
    write(item)
    item.path.chmod(0o644)
    assert write(item).status == "changed"
    assert item.path.stat().st_mode & 0o777 == 0o600


def test_a_persons_bytes_stay_as_they_were(tmp_path: Path) -> None:
    path, own = tmp_path / ".env", b"MINE=1\r\nOTHER=2\r\n"
    path.write_bytes(b"\xef\xbb\xbf" + own)
    write(wanted(path))
    assert path.read_bytes().startswith(b"\xef\xbb\xbf#")
    assert path.read_bytes().endswith(b"\r\n" + own)
    assert compared(wanted(path)).status == "in_sync"


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


def test_a_directory_in_the_files_place_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(GroundworkError, match="is a directory"):
        compared(wanted(tmp_path / ".env"))


def test_a_file_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GroundworkError, match="UTF-8"):
        compared(wanted(tmp_path / ".env"))
    assert (tmp_path / ".env").read_bytes() == b"\xff\xfe\x00"


def test_an_ordinary_user_replaces_a_file_of_any_mode_in_a_directory_of_theirs(
    tmp_path: Path,
) -> None:
    """A secret's file is nobody's to edit (0444), and is renewed all the same."""
    path = tmp_path / "secrets" / "redis"

    def twice() -> str:
        for text in ("old\n", "new\n"):
            state = compared(WantedFile(path, text, 0o444, private=True))
            rendered.write(*rendered.changing([state]))
        return path.read_text()

    assert as_ordinary_user(tmp_path, twice) == "new\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="runs as root in a person's directory")
def test_what_root_makes_in_a_persons_directory_is_theirs(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    for path in (tmp_path / "apps" / "new" / ".env", tmp_path / "infra" / ".secrets" / "redis"):
        write(WantedFile(path, "A=1\n", 0o600, private=".secrets" in path.parts))
        for each in (path, *path.parents[:2]):
            assert each.stat().st_uid == NOBODY, each


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    item = wanted(tmp_path / ".env")
    item.path.write_text("MINE=1\n")
    state = compared(item)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)  # a disk that is full when it is flushed
    with pytest.raises(GroundworkError, match="No space left"):
        rendered.write(state)
    assert item.path.read_text() == "MINE=1\n"
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_a_diff_shows_what_changes_and_nothing_secret(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(dotenv.merge("TOKEN=my own\nNOTE=mine\n", "API_KEY=old-s3cret\nAPP_ENV=x\n"))
    text = rendered.diff(compared(wanted(path)), ["s3cret"])["prepared"]
    assert "-APP_ENV=x" in text
    assert "+APP_ENV=development" in text
    for hidden in ("s3cret", "my own", "mine"):
        assert hidden not in text


def test_a_private_file_is_in_a_directory_of_its_owners_alone_and_never_shown(
    tmp_path: Path,
) -> None:
    wanted = WantedFile(tmp_path / "secrets" / "redis", "a hash\n", 0o444, private=True)
    rendered.write(compared(wanted))
    assert wanted.path.stat().st_mode & 0o777 == 0o444
    assert wanted.path.parent.stat().st_mode & 0o777 == 0o700
    assert compared(wanted).status == "in_sync"
    wanted.path.parent.chmod(0o755)
    assert compared(wanted).status == "changed"
    other = WantedFile(wanted.path, "another\n", 0o444, private=True)
    assert rendered.statuses([compared(other)]) == {str(wanted.path.parent): "changed"}
    shown = rendered.diff(compared(other), [])["prepared"]
    assert "hash" not in shown
    assert "another" not in shown


def test_a_diff_hides_named_variables_and_those_that_go(tmp_path: Path) -> None:
    item = WantedFile(tmp_path / ".env", "WHO=new-word\nHOST=b\n", 0o600, block=True,
                      hidden=frozenset({"WHO"}))  # fmt: skip
    write(WantedFile(item.path, "WHO=old-word\nHOST=a\nGONE=its-word\n", 0o600, block=True))
    text = rendered.diff(compared(item), [])["prepared"]
    assert "-HOST=a" in text and "+HOST=b" in text
    assert "-GONE=********" in text
    assert "word" not in text
