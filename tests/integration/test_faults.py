"""Runs that fail half-way, are interrupted, or meet another: the next one finishes the work."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.dotenv import BEGIN

from .clients import App
from .stack import (
    PLAYBOOK_SECONDS,
    ROOT,
    Stack,
    docker,
    with_service,
)


def test_a_container_that_crashes_shows_its_log_at_once(stack: Stack, other: Stack) -> None:
    docker("build", "-q", "-t", "groundwork-test/crash:1", *crashing(stack.images["redis"], other))
    try:
        services = with_service(other, "redis", image="groundwork-test/crash:1")
        started = time.monotonic()
        text = other.refuse(stack_services=services, stack_health_timeout=600)
        assert time.monotonic() - started < 300, "waited for the time-out"
        assert "the disk is on fire" in text
        assert "redis" in text
    finally:
        docker("rm", "-f", *(item["Id"] for item in other.containers().values()))
        docker("rmi", "groundwork-test/crash:1")
    other.up()


def crashing(image: str, stack: Stack) -> list[str]:
    """A directory to build an image from that says something and dies."""
    directory = stack.workspace / "crash"
    directory.mkdir()
    entry = '["sh", "-c", "echo the disk is on fire >&2; exit 3"]'
    (directory / "Dockerfile").write_text(f"FROM {image}\nENTRYPOINT {entry}\n")
    return [str(directory)]


def schema_tree(stack: Stack, **files: str) -> Path:
    """The project's Alembic tree with further revisions in it."""
    tree = stack.workspace / "schema tree"
    subprocess.run(["cp", "-r", str(ROOT / "alembic"), str(tree)], check=True)
    for name, body in files.items():
        (tree / "versions" / f"{name}.py").write_text(body)
    return tree


def revision(identifier: str, parent: str, upgrade: str) -> str:
    return (
        f'"""{identifier}"""\nfrom alembic import op\n'
        f'revision = "{identifier}"\ndown_revision = "{parent}"\n'
        f"def upgrade():\n    {upgrade}\ndef downgrade():\n    pass\n"
    )


BASE = "8c1d2f1f0a9b"


def test_a_migration_that_fails_half_way_names_revision_file_and_sql(other: Stack) -> None:
    body = 'op.execute("CREATE TABLE half (id int)"); op.execute("SELECT no_such_column")'
    tree = schema_tree(other, broken=revision("broken", BASE, body))
    text = other.refuse(schema_dir=str(tree))
    for word in ("broken", "broken.py", "no_such_column"):
        assert word in text
    with App(other.workspace / "apps/backend/.env").postgres() as connection:
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        table = connection.execute("SELECT to_regclass('half')").fetchone()
    assert (version, table) == ((BASE,), (None,))
    (tree / "versions/broken.py").write_text(revision("broken", BASE, 'op.execute("SELECT 1")'))
    other.up(schema_dir=str(tree))
    assert other.up(schema_dir=str(tree)).idle


def test_two_heads_and_a_database_that_is_ahead(other: Stack) -> None:
    tree = schema_tree(other, one=revision("one", BASE, "pass"), two=revision("two", BASE, "pass"))
    text = other.refuse(schema_dir=str(tree))
    assert "one" in text
    assert "two" in text
    (tree / "versions/two.py").unlink()
    other.up(schema_dir=str(tree))
    text = other.refuse()
    assert "one" in text
    assert "ahead" in text


def test_a_second_run_at_the_same_time_is_told_of_the_first(other: Stack) -> None:
    first = other.start()
    wait_for((other.infra / ".lock").exists)
    text = other.refuse()
    output, _ = first.communicate(timeout=PLAYBOOK_SECONDS)
    assert first.returncode == 0, output
    assert f"process {first.pid}" in text
    assert other.up().idle


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def has_a_worker(pid: int) -> bool:
    """Whether ansible-playbook has a child for a task: in a session of its own, unlike helpers."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with contextlib.suppress(OSError):
            if os.getsid(int(child)) == int(child):
                return True
    return False


STAGES: dict[str, Callable[[Stack], object]] = {
    "the first task": lambda stack: True,
    "the lock": lambda stack: (stack.infra / ".lock").exists(),
    "the files": lambda stack: stack.env_file.exists(),
    "the containers": lambda stack: stack.containers(),
    "the env files": lambda stack: (stack.workspace / "apps/backend/.env").exists(),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_that_is_interrupted_is_finished_by_the_next(other: Stack, stage: str) -> None:
    run = other.start()
    # Ansible is at its first task; before that it shows a trace of its own when interrupted.
    wait_for(lambda: has_a_worker(run.pid))
    wait_for(lambda: STAGES[stage](other))
    os.killpg(run.pid, signal.SIGINT)  # as ctrl-C does: everything in the terminal
    output, _ = run.communicate(timeout=60)
    assert "Traceback" not in output
    other.up()
    app = App(other.workspace / "apps/backend/.env")
    app.write("kept")
    assert app.read() == ["kept"] * 3
    assert other.up().idle
    assert BEGIN in other.env_file.read_text(encoding="utf-8")
    assert not [path for path in other.infra.iterdir() if path.name.startswith(".docker-compose")]
