"""Archives as they arrive: whole, under their names, and nothing of another version."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.images import receive
from ansible.module_utils.groundwork.images import send as image_send
from receiver import Machine, content, same, saved


def test_what_came_whole_but_has_no_name_yet_gets_it(machine: Machine, tmp_path: Path) -> None:
    (path,) = saved(tmp_path / "images", one=1)
    (archive, _) = image_send.archives([path])
    machine.directory.mkdir(parents=True)
    growing = machine.directory / receive.growing_name("one.tar", archive.digest)
    growing.write_bytes(content(1) + b"too much")
    machine.send([path])
    assert same([path], machine.directory)
    assert machine.sent[0] == ("one.tar", 3000, 500)  # the part with too much in it


def test_a_damaged_archive_is_replaced(machine: Machine, tmp_path: Path) -> None:
    paths = saved(tmp_path / "images", one=1)
    machine.send(paths)
    (machine.directory / "one.tar").write_bytes(content(9))
    machine.send(paths)
    assert same(paths, machine.directory)


def test_parts_of_another_version_are_not_mixed_in_and_go_away(
    machine: Machine, tmp_path: Path
) -> None:
    paths = saved(tmp_path / "images", one=1)
    machine.cut_after = 2500
    with pytest.raises(ConnectionError):
        machine.send(paths)
    (machine.directory / "a person's own.part").write_text("mine")
    paths = saved(tmp_path / "images", one=2)
    machine.cut_after, machine.sent = 100, []
    with pytest.raises(ConnectionError):
        machine.send(paths)
    assert len(machine.growing()) == 1
    machine.cut_after = -1
    machine.send(paths)
    assert same(paths, machine.directory)
    assert not machine.growing()
    assert (machine.directory / "a person's own.part").exists()


def test_where_the_directory_is_a_file_that_is_said_and_the_stream_read(
    machine: Machine, tmp_path: Path
) -> None:
    machine.directory.parent.mkdir()
    machine.directory.write_text("in the way")
    paths = saved(tmp_path / "images", one=1)
    with pytest.raises(GroundworkError, match="can't be put there: ") as error:
        machine.send(paths)
    assert error.value.where.startswith(str(machine.directory))
    stream = io.BytesIO(b"x" * 5000)
    asked = {"do": "part", "directory": str(machine.directory), "name": "a", "digest": "b"}
    assert receive.serve(asked | {"offset": 0, "length": 5000}, stream)["error"]
    assert not stream.read()
