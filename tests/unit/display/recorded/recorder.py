"""A callback that writes down what ansible-core hands to callbacks, one JSON line an event."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: recorder
type: stdout
short_description: Write down every result that a callback gets
description:
  - For record.py. The file is named by the variable RECORD_TO.
extends_documentation_fragment:
  - default_callback
"""

_RESULTS = ("ok", "failed", "skipped", "unreachable")
_ITEMS = ("ok", "failed", "skipped")


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "recorder"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in (*(f"runner_on_{each}" for each in _RESULTS), "runner_retry"):
            setattr(self, f"v2_{name}", self._writer(name))
        for name in _ITEMS:
            setattr(self, f"v2_runner_item_on_{name}", self._writer(f"runner_item_on_{name}"))

    def _writer(self, event: str) -> Any:
        def write(result: Any, ignore_errors: bool = False) -> None:
            self._write(
                event=event,
                name=result.task.name,
                module=result.task.action,
                host=result.host.get_name(),
                ignore_errors=ignore_errors,
                check=bool(result.task_fields.get("check_mode")),
                result=result.result,
            )

        return write

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self._write(event="runner_on_start", name=task.name, host=host.get_name())

    def v2_playbook_on_stats(self, stats: Any) -> None:
        for host in sorted(stats.processed):
            self._write(event="playbook_on_stats", host=host, result=stats.summarize(host))

    def _write(self, **event: Any) -> None:
        with Path(os.environ["RECORD_TO"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(event, default=lambda value: f"<{type(value).__name__}>") + "\n")
