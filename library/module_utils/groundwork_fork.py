"""What ansible-playbook does once, before its first fork. Each task on each host is one.

What a worker loads is gone with it, and the next one loads it again; what is loaded here is in all
of them. docs/benchmarks.md#before-the-first-fork has the measurements.
"""

from __future__ import annotations

import atexit
import gc

# The inspection is most of a run: what it needs
import ansible.module_utils.groundwork.state  # noqa: F401
from ansible.module_utils.groundwork.display import process
from ansible.plugins.loader import filter_loader


def prepare() -> None:
    """When everything else is loaded."""
    filter_loader.get("quote")  # any: the first one that is asked for loads all
    # What is loaded by now stays: no collection has to walk through it, in no fork and at no end.
    gc.freeze()
    atexit.register(gc.freeze)
    process.prepare()
