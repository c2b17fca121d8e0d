"""Snapshots and restores of all three services, as a person does them."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .clients import App
from .killed import Restores, trial
from .stack import Play, Stack, docker, family, kill, new_stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = new_stack(tmp_path_factory.mktemp("snapshots") / "wörk space", "groundwork-snap", 16740)
    stack.up()
    yield stack
    for name in snapshots(stack):
        play(stack, "snapshot", remove=name)
    stack.destroy()
    assert volumes(stack) == []


@pytest.fixture(scope="module")
def app(stack: Stack) -> App:
    return App(stack.workspace / "apps/backend/.env")


def play(stack: Stack, playbook: str, *arguments: str, **variables: object) -> str:
    done: Play = stack.play(playbook, *arguments, **variables)
    assert done.code == 0, done.output
    for name, value in stack.secrets().items():
        assert value not in done.output, f"the output shows {name}"
    return done.output


def volumes(stack: Stack) -> list[str]:
    return docker("volume", "ls", "-q", "--filter", f"name={stack.project}_").split()


def snapshots(stack: Stack) -> list[str]:
    start = f"{stack.project}_snapshot_"
    return [name.removeprefix(start) for name in volumes(stack) if name.startswith(start)]


def jobs(stack: Stack) -> str:
    return docker("ps", "-aq", "--filter", f"label=groundwork.job={stack.project}")


def mounted(stack: Stack) -> dict[str, str]:
    return {
        name: next(m["Name"] for m in item["Mounts"] if m["Type"] == "volume")
        for name, item in stack.containers().items()
    }


def test_all_three_come_back_and_the_former_data_are_kept(stack: Stack, app: App) -> None:
    app.write("old")
    started = stack.started_at()
    assert "before-x" in play(stack, "snapshot", snapshot="before-x")
    assert stack.started_at() == started  # nobody noticed
    app.write("new")
    assert "would" in play(stack, "restore", "--check", snapshot="before-x")
    assert app.read() == ["new"] * 3
    output = play(stack, "restore", snapshot="before-x")
    assert app.read() == ["old"] * 3
    assert mounted(stack) == {
        name: f"{stack.project}_{name}_data.1" for name in ("postgres", "qdrant", "redis")
    }
    assert "-e back=true" in output
    assert jobs(stack) == ""
    assert stack.up().idle
    # Redis' own trap: what is written after a restore has to be there after a restart
    app.write("later")
    docker("restart", *(item["Id"] for item in stack.containers().values()))
    stack.up()
    assert app.read() == ["later"] * 3


def test_the_schema_is_not_touched_while_a_container_has_other_data(stack: Stack) -> None:
    file = stack.infra / "volumes.json"
    text = file.read_text(encoding="utf-8")
    content = json.loads(text)
    assert content["volumes"].pop("postgres") == 1
    file.write_text(json.dumps(content), encoding="utf-8")  # as a run that ended right after it
    try:
        said = [
            stack.refuse(playbook="schema", schema_target="head"),
            stack.refuse("--tags", "schema"),
            stack.refuse("--skip-tags", "stack"),
            stack.refuse(playbook="reset", service="postgres"),
            stack.refuse(playbook="snapshot", snapshot="mixed"),
        ]
    finally:
        file.write_text(text, encoding="utf-8")
    for each in said:
        assert "The data of postgres were put back or moved" in each
        assert "playbooks/dev.yml" in each
    assert stack.up().idle


def test_back_and_then_the_rest_is_given_up(stack: Stack, app: App) -> None:
    play(stack, "restore", back=True)
    assert app.read() == ["new"] * 3
    assert stack.up().idle
    assert "no volume from before" in stack.refuse(playbook="restore", back=True)
    kept = [name for name in volumes(stack) if name.endswith("_data.1")]
    assert len(kept) == 3
    play(stack, "restore", confirm=True)
    assert not [name for name in volumes(stack) if "_data." in name]
    assert app.read() == ["new"] * 3


def test_one_service_alone(stack: Stack, app: App) -> None:
    app.write("newer")
    play(stack, "restore", snapshot="before-x", service="redis")
    assert app.read() == ["newer", "old", "newer"]


def test_todays_password_after_a_rotation(stack: Stack, app: App) -> None:
    play(stack, "rotate")
    play(stack, "restore", snapshot="before-x")
    assert app.read() == ["old"] * 3
    assert stack.up().idle


@pytest.mark.parametrize(
    ("playbook", "variables", "words"),
    [
        ("restore", {"snapshot": "befor-x"}, "There are: before-x"),
        ("restore", {}, "No snapshot is named"),
        ("restore", {"snapshot": "before-x", "service": "mail"}, "no service 'mail'"),
        ("restore", {"snapshot": "before-x", "restore_data": "other"}, "names other"),
        ("snapshot", {"snapshot": "before-x"}, "already"),
        ("snapshot", {"snapshot": "../x"}, "no name for a snapshot"),
        ("snapshot", {"remove": "nothing"}, "There are: before-x"),
        ("snapshot", {"snapshot": "y", "service": "postgre"}, "no service 'postgre'"),
    ],
)
def test_what_is_mistyped_changes_nothing(
    stack: Stack, playbook: str, variables: dict[str, object], words: str
) -> None:
    before = volumes(stack)
    assert words in stack.refuse(playbook=playbook, **variables)
    assert volumes(stack) == before


def test_by_rule_the_newest_stay(stack: Stack) -> None:
    play(stack, "snapshot", snapshot="second", service="redis", data_snapshots_keep=2)
    assert snapshots(stack) == ["before-x", "second"]
    play(stack, "snapshot", snapshot="third", service="redis", data_snapshots_keep=2)
    assert snapshots(stack) == ["second", "third"]
    listed = play(stack, "snapshot", list=True)
    assert listed.index("third") < listed.index("second")
    play(stack, "snapshot", remove="second")
    assert snapshots(stack) == ["third"]


def test_killed_restores_leave_the_old_or_the_new_data(stack: Stack) -> None:
    """More of them: tools/kill_data.py."""
    trial(Restores(stack), 5, random.Random(14))


def test_down_keeps_snapshots_and_says_so(stack: Stack, app: App) -> None:
    play(stack, "snapshot", snapshot="last")
    app.write("gone")
    output = play(stack, "down", stack_remove_data=stack.project)
    assert "last" in output
    assert "last" in snapshots(stack)
    stack.up()
    play(stack, "restore", snapshot="last")
    assert app.read()[0] != "gone"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_one_that_is_ended_while_postgres_is_copied_disconnects_nobody(
    stack: Stack, app: App, how: signal.Signals
) -> None:
    """A process that is left beside the server's would be taken for a crash of its own."""
    postgres = str(stack.containers()["postgres"]["Id"])
    with app.postgres() as connection:
        connection.execute("DROP TABLE IF EXISTS big")
        connection.execute(
            "CREATE TABLE big AS SELECT md5(n::text) || md5((n + 1)::text) AS it "
            "FROM generate_series(1, 3000000) n"
        )
        run = stack.start("snapshot", (stack.workspace / "log").open("w"), snapshot="ended")
        deadline = time.monotonic() + 60
        while not copies(stack):
            assert time.monotonic() < deadline
            assert run.poll() is None
            time.sleep(0.01)
        if how == signal.SIGINT:
            os.killpg(run.pid, how)
        else:
            kill(family(run.pid))
        run.wait(120)
        play(stack, "snapshot", snapshot="next")
        play(stack, "snapshot", remove="next")
        assert connection.execute("SELECT count(*) FROM big").fetchone() == (3000000,)
        connection.execute("DROP TABLE big")
    log = subprocess.run(["docker", "logs", postgres], capture_output=True, text=True, check=True)
    assert "reinitializing" not in log.stdout + log.stderr
    assert jobs(stack) == ""


def copies(stack: Stack) -> bool:
    """Whether pg_basebackup runs in one of the stack's jobs: asked of /proc, since it ends soon."""
    places = []
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            if (each / "comm").read_text() == "pg_basebackup\n":
                places.append((each / "cgroup").read_text())
    asked = ("--no-trunc", "--filter", f"label=groundwork.job={stack.project}")
    return bool(places) and any(
        job in "".join(places) for job in docker("ps", "-q", *asked).split()
    )
