"""What Ansible's own objects (plays, tasks, blocks) say, as plain data. Reads attributes only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .outcome import Task
from .story import TITLES
from .text import Line, line


def task_of(task: Any, play: Any) -> Task:
    """The task as its reader knows it; its stage is its role within the play, or the play."""
    role = task._role.get_name() if task._role else ""
    name = play.get_name().strip() if play is not None else ""
    return Task(
        name=str(task.name or task.action).strip(),
        module=str(task.action).rpartition(".")[2],
        stage=f"{getattr(play, '_uuid', '')}/{role}",
        title=TITLES.get(role, role) or name or "Tasks",
        role=role,
        where=str(task.get_path() or "").removeprefix(f"{Path.cwd()}/"),
    )


def is_status(play: Any) -> bool:
    """Whether the play says of itself, by its variable `groundwork_run`, that it only reads."""
    return bool(play.vars.get("groundwork_run") == "status")


def has_rescue(task: Any) -> bool:
    """Whether a block around the task has rescue tasks, and the task is none of those."""
    child, parent = task, task._parent
    while parent is not None:
        inside = getattr(parent, "block", None) or []
        if getattr(parent, "rescue", None) and any(each._uuid == child._uuid for each in inside):
            return True
        child, parent = parent, parent._parent
    return False


def tags(given: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What was typed as --tags (`all` without it) and as --skip-tags."""
    return tuple(given.get("tags") or ("all",)), tuple(given.get("skip_tags") or ())


def nothing_ran(given: Mapping[str, Any]) -> list[Line]:
    """What to say where the options that were typed left no task: silence would look like success.

    `given` are ansible-playbook's options by name.
    """
    usual: dict[str, Any] = {"tags": ("all",), "skip_tags": (), "start_at_task": None}
    typed = [
        f"--{name.replace('_', '-')}"
        for name, value in usual.items()
        if given.get(name) and given[name] != value
    ]
    if not typed:
        return []
    return [
        line((f"No task ran: {' and '.join(typed)} left none of this playbook.", "warn")),
        line(("Next: run it without; it does by itself only what is needed.", "")),
    ]
