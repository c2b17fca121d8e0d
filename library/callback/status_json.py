"""Writes the status as one JSON document: nothing else comes to standard output then."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible.module_utils.groundwork.display.facts import RunFacts
from ansible.module_utils.groundwork.display.outcome import Outcome, Status
from ansible.module_utils.groundwork.display.playbook import has_rescue, is_status, task_of
from ansible.module_utils.groundwork.display.status_document import document
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.callback import CallbackBase
from ansible.utils.vars import load_extra_vars

DOCUMENTATION = r"""
name: status_json
type: notification
short_description: The status for programs
description:
  - With C(-e format=json), playbooks/status.yml writes one JSON document to standard output, at its
    end. What a person would read goes to standard error.
  - It does nothing in other playbooks.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "status_json"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._play: Any = None
        self._facts = RunFacts()
        self._hosts: set[str] = set()
        self._output: int | None = None
        # Before the other callback says its first word; whose playbook it is comes after that
        if load_extra_vars(DataLoader()).get("format") == "json":
            sys.stdout.flush()
            self._output = os.dup(1)
            os.dup2(2, 1)

    def v2_playbook_on_start(self, playbook: Any) -> None:
        if self._output is None or any(is_status(play) for play in playbook.get_plays()):
            return
        sys.stdout.flush()
        os.dup2(self._output, 1)
        os.close(self._output)
        self._output = None

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._play = play

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self._hosts.add(host.get_name())

    def v2_runner_on_ok(self, result: Any) -> None:
        self._learn(result, "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._learn(result, "failed", ended=not ignore_errors and not has_rescue(result.task))

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._learn(result, "unreachable", ended=not result.task.ignore_unreachable)

    def _learn(self, result: Any, status: Status, ended: bool = False) -> None:
        host = result.host.get_name()
        outcome = Outcome(task_of(result.task, self._play), host, status, result.result)
        self._facts.learn(host, outcome, changes=False)
        if ended:
            self._facts.stopped(host, outcome)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        if self._output is None:
            return
        told = document(self._hosts | set(stats.processed), self._facts.hosts, time.time())
        with os.fdopen(self._output, "w", encoding="utf-8") as output:
            output.write(json.dumps(told.to_dict(), indent=2, ensure_ascii=False) + "\n")
        if not told.hosts:  # no host failed, so Ansible itself would end well
            raise SystemExit(1)
