"""The app's side of another process: what a tree prints or reads is no part of the talk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ansible.module_utils.groundwork.migrations import interpreter
from ansible.module_utils.groundwork.migrations.alembic_server import MARK


def test_only_its_answers_are_on_the_first_output(tmp_path: Path) -> None:
    # Alembic is imported when the run begins: what that prints is no answer
    noisy = "import os, sys; sys.stdout.write('{broken'); os.system('echo more')\n"
    (tmp_path / "alembic.py").write_text(noisy)
    setup = {"directory": "/", "package_root": ""}
    given = {"setup": setup, "settings": {}, "directories": [], "group": 0}
    first = json.dumps({**given, "program": interpreter.program()})
    calls = [{"do": "__init__", "arguments": []}, {"end": True}]
    process = subprocess.Popen(
        [sys.executable, "-c", interpreter._START],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(first.encode() + b"\n")
    process.stdin.flush()
    ready = process.stdout.readline()
    assert json.loads(ready[len(MARK) :]) == {"ready": sys.executable}
    for call in calls:
        process.stdin.write(json.dumps(call).encode() + b"\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    assert answer.startswith(MARK)
    # A name that is none of the calls is refused
    assert json.loads(answer[len(MARK) :])["failed"]["type"] == "ValueError"
    assert process.wait(20) == 0
    assert process.stderr
    assert process.stderr.read() == b"{brokenmore\n"
