"""Tells the guard of each machine's lock what this run does there, for the log of runs."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible.module_utils.groundwork.display.facts import Facts, Host
from ansible.module_utils.groundwork.display.outcome import Outcome, Status
from ansible.module_utils.groundwork.display.playbook import has_rescue, task_of
from ansible.module_utils.groundwork.locking import heartbeat, utc
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: run_report
type: notification
short_description: Reports to the log of runs on shared machines
description:
  - Where run_lock took the lock of another machine, the process that guards it writes the run's
    line into the log there. This callback tells it what was changed, and whether it went well.
  - It does nothing in runs that take no such lock.
"""

_PATIENCE = 15.0  # seconds that a run waits, at its end, until its locks are free


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "run_report"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._began = time.time()
        self._playbook = ""
        self._play: Any = None
        self._facts = Facts()
        self._why: dict[str, list[str]] = {}
        self._folders: dict[str, Path] = {}
        self._process = os.getpid()

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._began = time.time()
        self._playbook = Path(playbook._file_name).name

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._play = play

    def v2_runner_on_ok(self, result: Any) -> None:
        self._learn(result, "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._learn(result, "failed", ended=not ignore_errors and not has_rescue(result.task))

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._learn(result, "unreachable", ended=not result.task.ignore_unreachable)

    def _learn(self, result: Any, status: Status, ended: bool = False) -> None:
        host, found = result.host.get_name(), result.result
        outcome = Outcome(task_of(result.task, self._play), host, status, found)
        self._facts.learn(host, outcome, changes=not ended)
        if ended:
            self._facts.stopped(host, outcome)
        if outcome.task.module == "observe" and host not in self._why:
            todo = self._facts.hosts[host].todo
            self._why[host] = [f"{part}: {why}" for part in todo for why in todo[part]]
        if outcome.task.module == "run_lock" and found.get("guard"):
            self._folders[host] = Path(found["guard"])
            atexit.register(self._say_if_lost, host)
        if found.get("changed") or ended or found.get("guard"):
            self._report(host)

    def _report(self, host: str, ended: bool = False) -> None:
        if folder := self._folders.get(host):
            heartbeat.report(folder, self._content(host, ended))

    def _content(self, host: str, ended: bool) -> dict[str, Any]:
        known = self._facts.hosts.get(host, Host())
        looked = known.schema not in ("", "unknown")
        return {
            "at": utc(self._began),
            "began": self._began,
            "playbook": self._playbook,
            "why": self._why.get(host, []),
            "changed": [f"{stage}: {what}" for stage, what in known.changes],
            "schema": {"before": known.before, "after": known.after} if looked else {},
            "stopped": ": ".join(known.failure) if known.failure else "",
            "ended": ended,
        }

    def v2_playbook_on_stats(self, stats: Any) -> None:
        for host in self._folders:
            self._report(host, ended=True)
        heartbeat.wait(list(self._folders.values()), _PATIENCE)

    def _say_if_lost(self, host: str) -> None:
        folder = self._folders[host]
        if os.getpid() == self._process and (folder / heartbeat.LOST).exists():
            sys.stderr.write(
                f"The lock of {host} was lost: this controller didn't reach it for a while, and "
                "another run took over, so this one had to stop.\n"
                "Next: see with playbooks/status.yml whose that is; run again when it is done.\n"
            )
            shutil.rmtree(folder, ignore_errors=True)
