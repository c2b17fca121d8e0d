"""What the types' ways with data have in common."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.data import steps
from ansible.module_utils.groundwork.errors import GroundworkError

from .engine_of_stores import Engine, done, store


@pytest.mark.parametrize(
    ("code", "what"),
    [
        (steps.NO_COPY, "no whole copy"),
        (steps.NOT_EMPTY, "isn't empty"),
        (steps.BROKEN, "is damaged"),
        (1, "can't be filled"),
    ],
)
def test_each_code_has_its_words(code: int, what: str) -> None:
    error = steps.not_filled(store(Engine(), "redis"), done(code, stderr="no space"))
    assert what in str(error)
    assert error.details == ["no space"]
    assert "as they were" in error.next_step


@pytest.mark.parametrize(
    ("names", "code"),
    [((), 0), (("lost+found",), 0), (("a b",), 21), ((".hidden",), 21), (("..odd",), 21)],
)
def test_an_empty_volume_may_have_a_file_system_s_own(
    tmp_path: Path, names: tuple[str, ...], code: int
) -> None:
    place = tmp_path / "a place"
    place.mkdir()
    for name in names:
        (place / name).touch()
    script = f'{steps.IS_EMPTY}\nis_empty "$1"'
    ended = subprocess.run(["sh", "-euc", script, "sh", str(place)], check=False)
    assert ended.returncode == code


def test_a_directory_is_no_volume() -> None:
    steps.require_volumes(store(Engine(volumes=("new",)), "redis"), "/a directory", "new")
    with pytest.raises(GroundworkError, match="volume kept is gone"):
        steps.require_volumes(store(Engine(volumes=("new",)), "redis"), "kept", "new")


SERVER = "trap 'exit 143' TERM; echo up; touch ready; while :; do sleep 0.02; done"


def script(text: str, place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one as in a container, whose /tmp is a directory of the test's."""
    text = text.replace("/tmp/", f"{place}/")
    command = ["sh", "-euc", text, "sh", *arguments]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=20)


def test_a_server_is_started_and_ended_in_order(tmp_path: Path) -> None:
    started = script(steps.start("[ -e ready ]"), tmp_path, "sh", "-c", SERVER)
    assert (started.returncode, started.stderr) == (0, "")
    assert script(steps.ENDED_BY_ITSELF, tmp_path).returncode == 0
    ended = script(steps.end(fine=(0, 143)), tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert script(steps.ENDED_BY_ITSELF, tmp_path).returncode == 1


def test_one_that_ends_before_it_is_ready_shows_its_log(tmp_path: Path) -> None:
    done = script(steps.start("[ -e ready ]"), tmp_path, "sh", "-c", "echo no memory; exit 3")
    assert (done.returncode, done.stderr) == (1, "no memory\n")


def test_one_that_was_killed_did_not_end_in_order(tmp_path: Path) -> None:
    script(steps.start("[ -e ready ]"), tmp_path, "sh", "-c", SERVER)
    ended = script(steps.end("kill -9 $(cat /tmp/server.pid)"), tmp_path)
    assert (ended.returncode, ended.stderr.splitlines()[0]) == (1, "up")
    second = tmp_path / "second"
    second.mkdir()
    script(steps.start("[ -e ready ]"), second, "sh", "-c", SERVER)
    assert script(steps.end(fine=(0,)), second).returncode == 1, "143 isn't 0"
    assert (second / "server.ended").read_text() == "143\n"


def test_what_does_not_run_is_told() -> None:
    assert steps.container_of(store(Engine(), "redis")) == "running"
    with pytest.raises(GroundworkError, match="doesn't run"):
        steps.container_of(store(Engine(), "redis", container=""))


def test_kilobytes_are_those_of_the_last_line() -> None:
    assert steps.kilobytes(done(stdout="7\tother\n12\t/a/place\n")) == 12 * 1024
    assert steps.kilobytes(done()) == 0
