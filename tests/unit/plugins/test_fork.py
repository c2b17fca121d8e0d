"""What ansible-playbook has loaded for its forks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from display.playbook_runner import ROOT, PlaybookRunner, fake

CORE = Path(__file__).resolve().parents[3] / "library/module_utils"
BEGIN = """
import gc, os, signal, sys
import ansible.module_utils
ansible.module_utils.__path__.append(sys.argv[1])
from ansible.module_utils import groundwork_fork
from ansible.module_utils.groundwork.display.facts import HostFacts
from ansible.plugins.loader import filter_loader
groundwork_fork.prepare()
"""
LOADED = """
before = set(sys.modules)
filter_loader.get("to_json")
from ansible.module_utils.groundwork import state
print(len(set(sys.modules) - before), gc.get_freeze_count() > 0, sys.unraisablehook.__module__)
"""
FORKS = """
def worker():
    if os.fork():
        return os.wait()
    print(*(name in sys.modules for name in ("psycopg", "alembic.script")), flush=True)
    os._exit(0)

worker()
known = HostFacts(todo={"services": ["db: its container is missing"]})
groundwork_fork.load_ahead("managed_files", known)
worker()
groundwork_fork.load_ahead("compose_up", known)
worker()
worker()
known.todo["schema"] = ["1 revision to apply"]
groundwork_fork.load_ahead("compose_up", known)
worker()
worker()
"""
# An action plugin is in the worker itself
ACTION = """
import sys
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        return {"failed": True, "msg": f"loaded: {'psycopg' in sys.modules}"}
"""

# A Ctrl-C at the moment at which a worker has been closed and the next isn't there
INTERRUPTS = """
import signal
from ansible.executor.process.worker import WorkerProcess
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_NAME = "interrupts"

    def v2_playbook_on_start(self, playbook):
        close = WorkerProcess.close
        def closed(self):
            close(self)
            signal.raise_signal(signal.SIGINT)
        WorkerProcess.close = closed
"""


def python(text: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + text, str(CORE)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_worker_has_nothing_left_to_load() -> None:
    assert python(LOADED) == "0 True ansible.module_utils.groundwork.display.process\n"


def test_libraries_are_loaded_while_a_worker_starts_containers() -> None:
    said = python(FORKS).splitlines()
    assert said == ["False False"] * 3 + ["True False"] * 2 + ["True True"]


@pytest.mark.parametrize("module", ["compose_up", "managed_files"])
def test_the_task_that_starts_containers_is_the_one(tmp_path: Path, module: str) -> None:
    runner = PlaybookRunner(tmp_path)
    (tmp_path / "none").mkdir()
    (tmp_path / "none/loaded.py").write_text(ACTION)
    (tmp_path / "library/loaded.py").write_text("")
    runner.play([fake("Start the services", {}, module), {"name": "Ask", "loaded": {}}])
    ran = runner.run()
    assert f"loaded: {module == 'compose_up'}" in ran.out + ran.err


def test_a_ctrl_c_between_two_workers_is_no_trace(tmp_path: Path) -> None:
    runner = PlaybookRunner(tmp_path)
    (tmp_path / "none").mkdir()
    (tmp_path / "interrupts.py").write_text(INTERRUPTS)
    runner.play([fake(name, {}) for name in ("One", "Two", "Three")])
    plugins = f"{ROOT / 'library/callback'}:{tmp_path}"
    ran = runner.run(ANSIBLE_CALLBACK_PLUGINS=plugins, ANSIBLE_CALLBACKS_ENABLED="interrupts")
    assert "interrupted" in ran.out + ran.err
    assert "Traceback" not in ran.out + ran.err
    assert ran.code
