"""The process of a run, as a process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CORE = Path(__file__).resolve().parents[3] / "library/module_utils"

# A Ctrl-C that comes while Python forks: the hook after a fork is where it would surface.
FORK = """
import os, signal, sys, time
sys.path.insert(0, sys.argv[1])
from groundwork.display import process
process.prepare()
os.register_at_fork(after_in_parent=lambda: signal.raise_signal(signal.SIGINT))
try:
    child = os.fork()
    if child == 0:
        os._exit(0)
    time.sleep(10)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_a_ctrl_c_during_a_fork_is_neither_lost_nor_a_trace() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORK, str(CORE)], capture_output=True, text=True, timeout=30
    )
    assert done.stdout == "interrupted\n"
    assert done.stderr == ""


def test_other_errors_are_still_shown() -> None:
    code = FORK.replace("signal.raise_signal(signal.SIGINT)", "1 / 0").replace("10)", "0)")
    done = subprocess.run(
        [sys.executable, "-c", code, str(CORE)], capture_output=True, text=True, timeout=30
    )
    assert "ZeroDivisionError" in done.stderr


# As Ansible's handler does, in a child that Python hasn't finished to fork
STUMBLES = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from groundwork.display import process
process.prepare()

def _signal_handler(*_):
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    raise AssertionError("can only test a child process")

signal.signal(signal.SIGINT, _signal_handler)
os.register_at_fork(after_in_child=lambda: signal.raise_signal(signal.SIGINT))
child = os.fork()
if child == 0:
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_ctrl_c_in_a_child_that_is_just_forked_ends_it_without_a_trace() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STUMBLES, str(CORE)], capture_output=True, text=True, timeout=30
    )
    assert done.stdout == "-2\n"
    assert done.stderr == ""
