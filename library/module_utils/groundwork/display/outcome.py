"""A task and what came of it, as plain data: what the display's other files are fed with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["ok", "failed", "skipped", "unreachable", "retry"]


@dataclass(frozen=True)
class Task:
    """A task as far as a reader cares. `module` has no namespace; `where` is `file:line`."""

    name: str
    module: str
    stage: str
    title: str
    role: str = ""
    where: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a task did on a host (or, with `item`, one turn of its loop).

    `status` is Ansible's, by the event that brought the result: the result itself doesn't say
    whether it failed or was skipped (ansible-core takes those keys out before a callback sees it).
    """

    task: Task
    host: str
    status: Status
    result: Mapping[str, Any]
    seconds: float = 0.0
    item: str = ""
    check: bool = False
    diff: str = ""
    dump: str = ""
