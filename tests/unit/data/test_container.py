"""How any other service's data are copied and put back: what is stopped, and started again."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.data import container as data
from ansible.module_utils.groundwork.data.container import TYPE
from ansible.module_utils.groundwork.data.model import Checkpoint, Source
from ansible.module_utils.groundwork.docker import CommandResult
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.services import container as described

from .engine_of_stores import Engine, done, store

SUMS = done(stdout="aa\nbb\n70\t.\n")
SAVED = Checkpoint(kind="container", details={"listings": {"mail": "aa", "mail.conf": "bb"}})
NEW = {"mail": "new", "mail.conf": "new too"}


def mail(engine: Engine, **change: Any) -> Source:
    health = described.Health("tcp", "web")
    given = store(engine, "mail", helper="with a shell")
    service = replace(given.service, details=described.Details(health, "", stop_seconds=10))
    volumes = {"volumes": {"mail": "live", "mail.conf": "live too"}}
    return replace(given, service=service, **(volumes | change))


def engine(*jobs: CommandResult) -> Engine:
    return Engine(volumes=("live", "live too", "kept", "new", "new too"), jobs=[*jobs])


def verbs(of: Engine) -> list[str]:
    return [each[0] for each in of.asked]


def test_it_is_stopped_only_while_its_files_are_copied() -> None:
    one = engine(done(), done(), SUMS)
    made = TYPE.checkpoint(mail(one), "kept", "mail")
    assert verbs(one) == ["run", "run", "stop", "exec", "start", "rm", "run"]
    assert "--label groundwork.stopped=running" in one.begun()[1]  # for who clears after a kill
    assert {each[-1] for each in one.asked if each[0] in ("stop", "start")} == {"running"}
    for job in one.begun()[:2]:
        assert "source=live,target=/live/mail,readonly" in job
        assert "source=live too,target=/live/mail.conf,readonly" in job
    assert all("--entrypoint sh with a shell" in job for job in one.begun())
    assert made.details == {"listings": {"mail": "aa", "mail.conf": "bb"}}
    assert made.bytes == 70 * 1024


@pytest.mark.parametrize("how", ["the job fails", "an interruption"])
def test_it_is_started_again_whatever_happens(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = engine(done(), done(1, stderr="No space left"))
    if how == "an interruption":
        one.jobs.pop()

        def run(self: Any, *args: str, **options: Any) -> CommandResult:
            if args[0] == "exec":
                raise KeyboardInterrupt
            return asked(self, *args, **options)

        asked = Engine.run
        monkeypatch.setattr(Engine, "run", run)
        with pytest.raises(KeyboardInterrupt):
            TYPE.checkpoint(mail(one), "kept", "mail")
    else:
        with pytest.raises(GroundworkError, match="can't be copied") as caught:
            TYPE.checkpoint(mail(one), "kept", "mail")
        assert caught.value.details == ["No space left"]
    assert "start" in verbs(one)[verbs(one).index("stop") :]


def test_one_that_does_not_run_stays_so() -> None:
    one = engine(done(), done(), SUMS)
    TYPE.checkpoint(mail(one, container=""), "kept", "mail")
    assert {*verbs(one)} == {"run", "exec", "rm"}


def test_an_image_without_a_shell_is_refused_before_anything_stops() -> None:
    one = engine(done(127, stderr='exec: "sh": executable file not found'))
    with pytest.raises(GroundworkError, match="image has no shell, and the stack has no other"):
        TYPE.checkpoint(mail(one, helper=""), "kept", "mail")
    assert verbs(one)[0] == "run"
    assert "stop" not in verbs(one)


def test_without_volumes_nothing_is_done() -> None:
    one = engine()
    made = TYPE.checkpoint(mail(one, volumes={}), "kept", "mail")
    TYPE.fill(mail(one, volumes={}), made, "kept", "mail", {})
    assert TYPE.bytes_needed(mail(one, volumes={})) == 0
    assert one.asked == []


def test_new_volumes_are_filled_and_the_service_is_not_touched() -> None:
    one = engine(done())
    TYPE.fill(mail(one), SAVED, "kept", "mail", NEW)
    (job,) = one.begun()
    assert job.endswith(" sh mail mail aa mail.conf bb")
    assert "source=kept,target=/copy,readonly" in job
    assert "source=new too,target=/new/mail.conf" in job
    assert verbs(one) == ["run"]


@pytest.mark.parametrize(
    ("one", "volumes", "what"),
    [
        (engine(done(22)), NEW, "is damaged"),
        (engine(done(21)), NEW, "isn't empty"),
        (engine(done(20)), NEW, "no whole copy"),
        (engine(), NEW | {"mail.more": "new"}, "has no volume mail.more"),
        (engine(), {"mail": "gone"}, "volume gone is gone"),
    ],
)
def test_what_goes_wrong_is_told(one: Engine, volumes: dict[str, str], what: str) -> None:
    with pytest.raises(GroundworkError, match=what) as caught:
        TYPE.fill(mail(one), SAVED, "kept", "mail", volumes)
    assert "as they were" in caught.value.next_step


def listing(place: Path) -> str:
    script = data._LISTING.replace("/tmp/whole", f"{place.parent}/whole") + '\nlisting "$1"'
    ended = subprocess.run(
        ["sh", "-euc", script, "sh", str(place)], capture_output=True, text=True, check=True
    )
    return ended.stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    place = tmp_path / "a place"
    (place / "in it").mkdir(parents=True)
    (place / "in it" / "größer").write_text("words", encoding="utf-8")
    (place / "-r").touch()
    (place / "link").symlink_to("in it")
    os.mkfifo(place / "pipe")
    return place


CHANGES = {
    "contents": lambda at: (at / "in it" / "größer").write_text("wordz", encoding="utf-8"),
    "mode": lambda at: (at / "-r").chmod(0o600),
    "directory's mode": lambda at: (at / "in it").chmod(0o700),
    "root's mode": lambda at: at.chmod(0o700),
    "name": lambda at: (at / "-r").rename(at / "-s"),
    "link": lambda at: [(at / "link").unlink(), (at / "link").symlink_to("-r")],
    "pipe": lambda at: [(at / "pipe").unlink(), (at / "pipe").touch()],
    "more": lambda at: (at / ".hidden").touch(),
}


def test_a_copy_has_the_same_sum(tree: Path) -> None:
    subprocess.run(["cp", "-a", f"{tree}/.", f"{tree.parent}/copy/"], check=True)
    first = listing(tree)
    assert len(first) == 64
    assert listing(tree.parent / "copy") == first
    shutil.rmtree(tree / "in it")
    assert listing(tree) != first


@pytest.mark.parametrize("what", CHANGES)
def test_every_change_has_another_sum(tree: Path, what: str) -> None:
    first = listing(tree)
    CHANGES[what](tree)
    assert listing(tree) != first
