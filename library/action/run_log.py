"""Shows who changes a machine now, and who did lately."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.locking import RunsResult, audit_log, lease
from ansible.module_utils.groundwork_remote import ask
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        args = self._task.args
        python, count = str(args.get("python") or "/usr/bin/python3"), int(args.get("count") or 5)
        try:
            held = ask(self, python, lease, {"do": "inspect", "path": str(args["path"])})
            asked = {"path": str(args["log"]), "count": count + 1}
            found = RunsResult.from_dict(held | ask(self, python, audit_log, asked))
        except GroundworkError as error:
            return {"failed": True, "changed": False, "msg": str(error)}
        return {"changed": False, **found.over(count).to_dict()}
