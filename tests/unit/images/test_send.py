"""Archives on their way to another machine: only what is lacking goes, whatever happened before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.images import receive
from ansible.module_utils.groundwork.images import send as image_send
from ansible.module_utils.groundwork.images.send import ByteRange, Todo
from ansible.plugins.loader import action_loader
from receiver import PART, SIZE, Machine, content, same, saved, saved_image


def test_all_of_it_goes_in_parts_and_a_second_time_nothing(
    machine: Machine, tmp_path: Path
) -> None:
    paths = saved(tmp_path / "our images", one=1, two=2)
    machine.send(paths)
    assert same(paths, machine.directory)
    assert [(name, length) for name, _, length in machine.sent[:4]] == [
        ("one.tar", 1000),
        ("one.tar", 1000),
        ("one.tar", 1000),
        ("one.tar", 500),
    ]
    assert machine.sent[-1][0] == "SHA256SUMS"  # archives that it lists are there by then
    assert (machine.directory / "one.tar").stat().st_mode & 0o777 == 0o644
    assert not machine.growing()
    machine.sent.clear()
    assert all(todo.complete for todo in machine.send(paths))
    assert not machine.sent


@pytest.mark.parametrize("cut", [0, 1, 1000, 1700, 2000, 3499])
def test_after_a_cut_only_the_rest_is_sent(machine: Machine, tmp_path: Path, cut: int) -> None:
    paths = saved(tmp_path / "images", one=1)
    machine.cut_after = cut
    with pytest.raises(ConnectionError):
        machine.send(paths)
    assert not (machine.directory / "one.tar").exists()
    (growing,) = machine.directory.iterdir()
    inode = growing.stat().st_ino
    machine.cut_after, machine.sent = -1, []
    machine.send(paths)
    assert same(paths, machine.directory)
    assert (machine.directory / "one.tar").stat().st_ino == inode
    assert sum(length for name, _, length in machine.sent if name == "one.tar") == SIZE - cut
    assert machine.sent[0][1] == cut


def test_a_damaged_part_is_sent_again_and_no_other(machine: Machine, tmp_path: Path) -> None:
    paths = saved(tmp_path / "images", one=1)
    machine.cut_after = 3200
    with pytest.raises(ConnectionError):
        machine.send(paths)
    (growing,) = machine.directory.iterdir()
    with growing.open("r+b") as file:
        file.seek(1234)
        file.write(b"\0\0\0\0")
    machine.cut_after, machine.sent = -1, []
    machine.send(paths)
    assert same(paths, machine.directory)
    assert machine.sent[:2] == [("one.tar", 1000, 1000), ("one.tar", 3200, 300)]


def test_another_size_of_parts_goes_on_as_well(machine: Machine, tmp_path: Path) -> None:
    paths = saved(tmp_path / "images", one=1)
    machine.cut_after = 2500
    with pytest.raises(ConnectionError):
        machine.send(paths)
    machine.cut_after = -1
    (todo, _) = image_send.inspect(
        image_send.archives(paths), str(machine.directory), 700, machine.ask
    )
    assert todo.spans == (ByteRange(2500, 300), ByteRange(2800, 700))


def test_check_mode_says_what_would_be_sent_and_removes_nothing(
    machine: Machine, tmp_path: Path
) -> None:
    paths = saved(tmp_path / "images", one=1, two=2)
    machine.send(paths[:1])
    rest = machine.directory / receive.growing_name("old.tar", "0" * 64)
    rest.touch()
    files = image_send.archives([*paths, tmp_path / "images" / "not saved yet.tar"], dry=True)
    todos = image_send.inspect(files, str(machine.directory), PART, machine.ask, dry=True)
    assert [todo.complete for todo in todos] == [True, False, False]
    assert [image_send.entry(todo)["action"] for todo in todos] == ["unchanged", "sent", "sent"]
    assert rest.exists()


def test_check_mode_makes_no_directory(machine: Machine, tmp_path: Path) -> None:
    paths = saved(tmp_path / "images", one=1)
    image_send.inspect(
        image_send.archives(paths, dry=True), str(machine.directory), PART, machine.ask, dry=True
    )
    assert not machine.directory.exists()


def test_an_archive_that_is_damaged_here_is_named(machine: Machine, tmp_path: Path) -> None:
    (path,) = saved(tmp_path / "images", one=1)
    path.write_bytes(content(9))
    with pytest.raises(GroundworkError, match=r"one\.tar is damaged on this computer") as error:
        machine.send([path])
    assert "Delete it and run again" in error.value.next_step
    assert not (machine.directory / "one.tar").exists()


def test_one_that_is_not_here_is_named(tmp_path: Path) -> None:
    saved(tmp_path / "images", one=1)
    with pytest.raises(GroundworkError, match=r"two\.tar is not here"):
        image_send.archives([tmp_path / "images" / "two.tar"])


def test_what_a_person_reads_of_it() -> None:
    archive = image_send.Archive(Path("/x/redis.tar"), "0" * 64, 100 * image_send.MB)
    todo = Todo(archive, False, (ByteRange(40 * image_send.MB, 60 * image_send.MB),))
    entry = image_send.entry(todo)
    assert entry["action"] == "resumed"
    text = image_send.progress(
        archive, ByteRange(40 * image_send.MB, 8), 16 * image_send.MB, [entry]
    )
    assert text == "redis.tar, part 3 of 7; 40 of 100 MB are there"
    error = image_send.broken("vm", "/opt/archives", [entry], ["Broken pipe"])
    assert str(error).splitlines() == [
        "The connection to vm broke while images were sent: 40 of 100 MB are there.",
        "Where: /opt/archives on vm",
        "  Broken pipe",
        "Next: Run again when it is in reach: sending goes on where it stopped.",
    ]


def test_an_image_for_another_processor_is_refused_before_it_is_sent(
    machine: Machine, tmp_path: Path
) -> None:
    path = saved_image(tmp_path / "ours", "arm64")
    machine.architecture = "x86_64"
    with pytest.raises(GroundworkError) as caught:
        machine.send([path])
    assert "amd64" in caught.value.what
    assert caught.value.details == ["redis:7 is for arm64"]
    assert machine.sent == []


@pytest.mark.parametrize(
    ("architecture", "machines"),
    [("arm64", "aarch64"), ("386", "x86_64"), ("", "x86_64"), ("arm64", "riscv64")],
)
def test_an_image_for_the_same_or_an_unknown_processor_is_sent(
    machine: Machine, tmp_path: Path, architecture: str, machines: str
) -> None:
    path = saved_image(tmp_path / "ours", architecture)
    machine.architecture = machines
    machine.send([path])
    assert same([path], machine.directory)


@pytest.mark.parametrize("failure", [AnsibleConnectionFailure("reset by peer"), BrokenPipeError()])
def test_the_task_says_so_however_the_connection_breaks(tmp_path: Path, failure: Exception) -> None:
    """Its own line is a stand-in: no SSH breaks in every way on demand."""
    args = {"files": [str(path) for path in saved(tmp_path, one=1)], "directory": "/srv/archives"}
    plugin = action_loader.get(
        "sent_archives",
        task=SimpleNamespace(args=args, check_mode=False, async_val=0),
        connection=SimpleNamespace(_shell=SimpleNamespace(tmpdir="/nowhere")),
        play_context=None,
        loader=None,
        templar=None,
        shared_loader_obj=None,
    )

    def cut(asked: Mapping[str, Any], data: bytes) -> Mapping[str, Any]:
        raise failure

    plugin._ask = cut
    result = plugin.run(task_vars={"inventory_hostname": "vm"})
    assert result["failed"]
    assert result["broken"]
    assert result["msg"].startswith("The connection to vm broke while images were sent.")
    assert result["waiting"].endswith("It goes on from there.")
