"""A play's `environment:`, as a module that runs within ansible-playbook sees it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]


def play(directory: Path, tasks: list[dict[str, Any]], **keywords: Any) -> str:
    """What a play on this machine prints; it may fail."""
    header = {"hosts": "localhost", "connection": "local", "gather_facts": False, **keywords}
    file = directory / "play.yml"
    file.write_text(yaml.safe_dump([{**header, "tasks": tasks}]), encoding="utf-8")
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")),
        "-i",
        "localhost,",
        str(file),
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "default", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


def test_it_is_honoured_by_play_block_and_task_and_gone_after(tmp_path: Path) -> None:
    """A stand-in for the docker command says which engine it was sent to."""
    tool = tmp_path / "docker"
    tool.write_text('#!/bin/sh\necho "$DOCKER_HOST $SECOND $PGHOST" >>"$LOG"\nexit 1\n')
    tool.chmod(0o755)
    log = tmp_path / "log"
    task = {
        "saved_images": {"images": ["a"], "directory": str(tmp_path), "docker_cli": str(tool)},
        "ignore_errors": True,
    }
    block = {"block": [task], "environment": {"DOCKER_HOST": "tcp://block", "SECOND": 2}}
    one = {**task, "environment": {"DOCKER_HOST": "{{ 'tcp://' ~ 'task' }}", "PGHOST": "there"}}
    said = play(
        tmp_path, [task, block, one, task],
        environment={"DOCKER_HOST": "tcp://play", "LOG": str(log)},
    )  # fmt: skip
    lines = [line.strip() for line in log.read_text().splitlines()] if log.exists() else []
    assert list(dict.fromkeys(lines)) == ["tcp://play", "tcp://block 2", "tcp://task"], said
    assert lines[-1] == "tcp://play"
