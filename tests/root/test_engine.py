"""What only root can try: the engine itself stops."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.clients import App
from integration.stack import Stack, new_stack

WITH_SYSTEMD = Path("/run/systemd/system").exists()
OURS = Path("/etc/docker/installed-by-groundwork").exists()

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or WITH_SYSTEMD or not OURS,
    reason="stops the engine, which is done only by root to one that Groundwork started itself",
)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = new_stack(tmp_path / "wörk späce", "groundwork-root", 15732)
    stack.up()
    yield stack
    stack.destroy()


def test_a_stopped_engine_is_started_again_and_nothing_restarts(stack: Stack) -> None:
    app = App(stack.workspace / "apps/backend/.env")
    app.write("kept")
    before = stack.started_at()
    pid = int(Path("/var/run/docker.pid").read_text())
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, "the engine doesn't stop"
        time.sleep(0.1)
    play = stack.up()
    assert "engine is stopped" in play.output
    assert stack.started_at() == before, "live-restore keeps containers running"
    assert app.read() == ["kept"] * 3
    assert stack.up().idle
