"""What a run does before its first fork."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CORE = Path(__file__).resolve().parents[3] / "library/module_utils"
LOADED = """
import gc, signal, sys
import ansible.module_utils
ansible.module_utils.__path__.append(sys.argv[1])
from ansible.module_utils import groundwork_fork
from ansible.plugins.loader import filter_loader
groundwork_fork.prepare()
before = set(sys.modules)
filter_loader.get("to_json")
from ansible.module_utils.groundwork import state
print(len(set(sys.modules) - before), gc.get_freeze_count() > 0, sys.unraisablehook.__module__)
"""


def test_a_worker_has_nothing_left_to_load() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(CORE)], capture_output=True, text=True, timeout=30
    )
    assert done.stdout == "0 True ansible.module_utils.groundwork.display.process\n", done.stderr
