"""Files that are looked at and written: whose they are, and whole ones alone take a place."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from pathlib import Path

import pytest
from ansible.module_utils.groundwork import files
from ansible.module_utils.groundwork.errors import GroundworkError
from ordinary_user import as_ordinary_user


@pytest.mark.parametrize("file", [".env", "new/directory/.env"])
def test_a_directory_that_may_not_be_written_to_is_named_with_the_way_in(
    tmp_path: Path, file: str
) -> None:
    directory = tmp_path / "app"
    directory.mkdir()
    (directory / ".env").write_text("MINE=1\n")
    path = directory / file

    def refused(mode: int) -> GroundworkError:
        directory.chmod(mode)
        with pytest.raises(GroundworkError) as caught:
            files.check_writable(path)
        return caught.value

    for mode in (0o555, 0o600):  # a file can be made in neither: no w, no x
        error = as_ordinary_user(tmp_path, partial(refused, mode))
        assert f"may not write into {directory}" in error.what
        assert f"chmod u+rwx '{directory}'" in error.next_step
    subprocess.run(["chmod", "u+rwx", str(directory)], check=True)
    as_ordinary_user(tmp_path, partial(files.check_writable, path))


@pytest.mark.skipif(os.geteuid() != 0, reason="makes files of another user, which only root can")
@pytest.mark.parametrize("mode", [0o755, 0o700, 0o1777])
def test_somebody_elses_directory_or_file_is_named_as_theirs(tmp_path: Path, mode: int) -> None:
    directory = tmp_path / "theirs"
    directory.mkdir()
    path = directory / ".env"
    path.touch(0o666)
    for each in (directory, path):
        os.chown(each, 4242, 4242)
    directory.chmod(mode)

    def refused() -> GroundworkError:
        with pytest.raises(GroundworkError) as caught:
            files.check_writable(path)
        return caught.value

    error = as_ordinary_user(tmp_path, refused)
    blocked = path if mode == 0o1777 else directory
    assert str(error.what).endswith(f" {blocked}.")
    assert "user 4242" in error.next_step
    assert f"sudo chown $USER '{blocked}'" in error.next_step


def test_a_link_is_written_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "open").mkdir()
    link = tmp_path / "closed" / ".env"
    link.symlink_to(tmp_path / "open" / "new" / ".env")
    (tmp_path / "closed").chmod(0o555)
    as_ordinary_user(tmp_path, partial(files.check_writable, link))


def test_what_takes_a_files_place_is_whole_and_its_owners_alone_until_then(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with files.replacing(path) as fresh:
        fresh.write_text("one")
        assert fresh.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_mode & 0o777 == 0o644
    with pytest.raises(OSError, match="full"), files.replacing(path) as fresh:
        fresh.write_text("tw")
        raise OSError("the disk is full")
    assert path.read_text() == "one"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
