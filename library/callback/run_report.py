"""Tells the heartbeat of each machine's lock what this run did there, for the audit log."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible.module_utils.groundwork.display.facts import HostFacts, RunFacts
from ansible.module_utils.groundwork.display.outcome import Outcome, Status
from ansible.module_utils.groundwork.display.playbook import has_rescue, task_of
from ansible.module_utils.groundwork.locking import TAKEN_OVER, LockResult, audit_log, heartbeat
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: run_report
type: notification
short_description: Reports to the audit log on shared machines
description:
  - Where run_lock took the lock of another machine, the process that keeps it writes the run's
    lines into the log there. This callback tells it at the end what was changed, and whether it
    went well. It also says why the run stops where another one has taken over the lock.
  - It does nothing in runs that take no such lock.
"""

_PATIENCE = 15.0  # seconds that a run waits, at its end, until its locks are free


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "run_report"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._began = time.monotonic()
        self._play: Any = None
        self._facts = RunFacts()
        self._why: dict[str, list[str]] = {}
        self._heartbeats: dict[str, Path] = {}

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._began = time.monotonic()
        signal.signal(TAKEN_OVER, self._stop)

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
        if outcome.task.module == "stack_info" and host not in self._why:
            self._why[host] = audit_log.reasons(self._facts.hosts[host].todo)
        if outcome.task.module == "run_lock" and (file := LockResult.from_dict(found).heartbeat):
            self._heartbeats[host] = Path(file)

    def _outcome(self, host: str) -> dict[str, Any]:
        known = self._facts.hosts.get(host, HostFacts())
        moves = {
            name: {"before": tree.before, "after": tree.after}
            for name, tree in known.trees.items()
            if tree.state not in ("", "unknown")
        }
        several = len(known.trees) > 1
        return {
            "result": "failed" if known.failure else "ok",
            "stopped": ": ".join(known.failure or ()),
            "why": self._why.get(host, []),
            "changed": [f"{stage}: {what}" for stage, what in known.changes],
            "schema": {} if several else next(iter(moves.values()), {}),
            "trees": moves if several else {},
            "seconds": round(time.monotonic() - self._began, 1),
        }

    def v2_playbook_on_stats(self, stats: Any) -> None:
        for host, file in self._heartbeats.items():
            heartbeat.report(file, self._outcome(host))
        heartbeat.wait(list(self._heartbeats.values()), _PATIENCE)

    def _stop(self, number: int, frame: Any) -> None:
        lost = ", ".join(host for host, file in self._heartbeats.items() if not file.exists())
        text = (
            f"\nThe lock of {lost} was lost: this controller didn't reach it for a while, and "
            "another run took over, so this one has to stop.\n"
            "Next: see with playbooks/status.yml whose that is; run again when it is done.\n"
        )
        os.write(2, text.encode())  # a signal may come in the middle of another write
        signal.raise_signal(signal.SIGINT)
