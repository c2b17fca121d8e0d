"""Takes the stack's lock for this run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.runlock import acquire, process_parent
from ansible.plugins.action import ActionBase

DOCUMENTATION = r"""
action: run_lock
short_description: Let one run at a time change a stack
description:
  - Takes a lock for the process of C(ansible-playbook). The lock is void when that process is
    gone, so nothing has to be released, and an interrupted run leaves nothing in the way.
  - The lock is a file on the controller, so it guards hosts with a local connection only.
options:
  path:
    description: The lock's file.
    type: path
    required: true
  holder:
    description:
      - Whose end frees the lock. V(run) is C(ansible-playbook) itself; V(parent) is the program
        that started it, where one program starts it several times (Molecule).
    type: str
    choices: [run, parent]
    default: run
"""

EXAMPLES = r"""
- name: One run at a time
  run_lock:
    path: "{{ stack_dir }}/.lock"
"""

RETURN = r""" # """


class ActionModule(ActionBase):
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        try:
            # A task runs in a worker, whose parent is the ansible-playbook that lives on.
            run = os.getppid()
            holder = process_parent(run) if self._task.args.get("holder") == "parent" else run
            acquire(Path(str(self._task.args["path"])), holder)
        except GroundworkError as error:
            return {"failed": True, "changed": False, "msg": str(error)}
        except OSError as error:
            text = f"The lock {error.filename} can't be made: {error.strerror}."
            return {"failed": True, "changed": False, "msg": text}
        return {"changed": False}
