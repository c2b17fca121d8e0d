"""Sends archives of images to another machine, and goes on where a broken connection stopped it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.groundwork.display.ticker import tick_times
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.images import MB, receive
from ansible.module_utils.groundwork.images import send as image_send
from ansible.module_utils.groundwork_remote import send
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display


class ActionModule(ActionBase):
    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        host = str((task_vars or {}).get("inventory_hostname", ""))
        result: dict[str, Any] = {"changed": False, "broken": False, "files": []}
        try:
            self._have(self._task.args, host, result)
        except GroundworkError as error:
            result |= {"failed": True, "msg": str(error)}
        except (AnsibleConnectionFailure, ConnectionError) as failure:  # the latter: SSH is gone
            said, directory = str(failure).strip().splitlines(), str(self._task.args["directory"])
            broken = image_send.broken(host, directory, result["files"], said)
            waiting = f"{broken.what} It goes on from there."
            result |= {"failed": True, "msg": str(broken), "broken": True, "waiting": waiting}
        return result

    def _have(self, args: Mapping[str, Any], host: str, result: dict[str, Any]) -> None:
        """Send what is lacking. `result` is kept up to date, since any step may be the last."""
        paths, directory = [Path(path) for path in args["files"]], str(args["directory"])
        part, dry = int(args.get("part_mb") or 16) * MB, bool(self._task.check_mode)
        files = image_send.archives(paths, dry)
        todos = image_send.inspect(files, directory, part, self._ask, dry)
        result["files"] += [image_send.entry(todo) for todo in todos]
        result["changed"] = dry and any(not todo.complete for todo in todos)
        began, told = time.monotonic(), 0
        for todo, entry in zip(todos, result["files"], strict=True):
            if dry or todo.complete:
                continue
            for span in image_send.send(todo, directory, self._ask):
                result["changed"] = True
                entry["arrived"] += span.length
                entry["sent"] += span.length
                due = len(tick_times(10, time.monotonic() - began))
                if due > told:
                    told = due
                    text = image_send.progress(todo.archive, span, part, result["files"])
                    Display().display(f"  {host}: {text}")

    def _ask(self, asked: Mapping[str, Any], data: bytes) -> dict[str, Any]:
        python = str(self._task.args.get("python") or "/usr/bin/python3")
        return send(self, python, receive, asked, data)
