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

DOCUMENTATION = r"""
action: sent_archives
short_description: Have archives of images in a folder of another machine
description:
  - Sends archives that C(saved_images) wrote, those that aren't there or differ, and their
    C(SHA256SUMS). They go in parts, over the connection that Ansible has anyway.
  - Where the connection breaks, what arrived stays there. The next time, only the rest is sent.
  - An archive gets its name there when all of it is there and has the right digest. What an
    interrupted run left of another version is removed.
options:
  files:
    description: The archives on this computer.
    type: list
    elements: path
    required: true
  folder:
    description: The folder on the other machine; it is made where it isn't there.
    type: path
    required: true
  part_mb:
    description: How many megabytes are sent at once. Each part takes that much memory here.
    type: int
    default: 16
  python:
    description: The other machine's own Python 3.
    type: path
    default: /usr/bin/python3
attributes:
  check_mode:
    description: Says which would be sent.
    support: full
"""

EXAMPLES = r"""
- name: Send the images, and go on where the connection broke
  sent_archives:
    files: ["{{ inventory_dir | dirname }}/.cache/archives/groundwork_redis_7.0.15.tar"]
    folder: /opt/groundwork/archives
  register: sent
  until: sent is success or not sent.broken
  retries: 3
  delay: 5
"""

RETURN = r"""
files:
  description:
    - Each file with name, action (unchanged; sent; resumed, where a part of it was there already)
      and bytes, its size, those that are there, and those that were sent this time.
  returned: always
  type: list
  elements: dict
  sample:
    - name: groundwork_redis_7.0.15.tar
      action: resumed
      size: 62914560
      there: 62914560
      sent: 12582912
broken:
  description: Whether the connection broke.
  returned: always
  type: bool
waiting:
  description: How far it came, where the connection broke.
  returned: when it broke
  type: str
"""


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
            said, folder = str(failure).strip().splitlines(), str(self._task.args["folder"])
            broken = image_send.broken(host, folder, result["files"], said)
            waiting = f"{broken.what} It goes on from there."
            result |= {"failed": True, "msg": str(broken), "broken": True, "waiting": waiting}
        return result

    def _have(self, args: Mapping[str, Any], host: str, result: dict[str, Any]) -> None:
        """Send what is lacking. `result` is kept up to date, since any step may be the last."""
        paths, folder = [Path(path) for path in args["files"]], str(args["folder"])
        part, dry = int(args.get("part_mb") or 16) * MB, bool(self._task.check_mode)
        files = image_send.planned(paths) if dry else image_send.archives(paths)
        todos = image_send.look(files, folder, part, self._ask, dry)
        result["files"] += [image_send.entry(todo) for todo in todos]
        result["changed"] = dry and any(not todo.whole for todo in todos)
        began, told = time.monotonic(), 0
        for todo, entry in zip(todos, result["files"], strict=True):
            if dry or todo.whole:
                continue
            for span in image_send.send(todo, folder, self._ask):
                result["changed"] = True
                entry["there"] += span.length
                entry["sent"] += span.length
                due = len(tick_times(10, time.monotonic() - began))
                if due > told:
                    told = due
                    text = image_send.progress(todo.archive, span, part, result["files"])
                    Display().display(f"  {host}: {text}")

    def _ask(self, asked: Mapping[str, Any], data: bytes) -> dict[str, Any]:
        python = str(self._task.args.get("python") or "/usr/bin/python3")
        return send(self, python, receive, asked, data)
