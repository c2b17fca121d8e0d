"""The run as stages: a heading for each role, and below it only what is worth a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .failure import failure_lines, first_line, unreachable_lines
from .outcome import Outcome, Task
from .results import LINES, inspect_note
from .text import (
    LABEL_WIDTH,
    Line,
    Marks,
    Span,
    duration,
    indented,
    labelled,
    line,
    sequence,
    words,
)

TITLES = {
    "toolbox": "Toolbox",
    "inspect": "Inspect",
    "docker": "Engine",
    "images": "Images",
    "stack": "Stack",
    "firewall": "Firewall",
    "monitoring": "Monitoring",
    "backup": "Backup",
    "updates": "Updates",
    "env_files": "Env files",
    "schema": "Schema",
    "data": "Data",
}
# Tasks that say or decide something but touch nothing: they are no work that was done
TALK = frozenset(
    {"debug", "pending_changes", "set_fact", "assert", "validate_argument_spec", "meta"}
    | {"include_vars"}
)
LONG = 5.0
# Roles of the insides (checks, locks, what inspects); without a word to say they are no stage
INNER = frozenset({"inspect", "toolbox"})


@dataclass
class _Stage:
    title: str
    role: str
    began: float | None
    headed: bool = False
    worked: int = 0
    notes: list[str] = field(default_factory=list)


class Story:
    """Takes outcomes in order and gives the lines to print. Holds no more than the open stages."""

    def __init__(self, marks: Marks, verbosity: int = 0) -> None:
        self.marks = marks
        self.verbosity = verbosity
        self.hosts: set[str] = set()
        self.status = True  # every play so far only reads
        self._open: dict[str, _Stage] = {}
        self._last = ""

    def begin(self, task: Task, now: float) -> list[Line]:
        """A task starts; where it opens a stage, the stage before gets its last line."""
        if task.stage in self._open or (task.module == "run_lock" and self._open):
            return []  # a lock in the midst of a role's tasks parts them into no two stages
        lines = self.end(now)
        self._open[task.stage] = _Stage(task.title, task.role, now)
        return lines

    def end(self, now: float) -> list[Line]:
        """Closes the open stages: one line for each that had nothing to show."""
        lines = []
        for stage in self._open.values():
            if stage.headed or not (stage.role or stage.worked):
                continue  # a play's own tasks that were all skipped are no stage to a reader
            took = now - stage.began if stage.began is not None else 0
            if stage.role in INNER and not stage.notes and took < LONG:
                continue
            note = "; ".join(stage.notes) or ("ok" if stage.worked else "nothing to do")
            lines.append(
                line(
                    (f"{stage.title:<{LABEL_WIDTH}}  ", "heading"),
                    (note, "dim"),
                    (f"  {duration(took)}" if stage.worked and took >= 1 else "", "dim"),
                )
            )
        self._open.clear()
        self._last = ""
        return lines

    def ok(self, outcome: Outcome) -> list[Line]:
        """A task that went well, changed something or not."""
        task, result = outcome.task, outcome.result
        stage = self._stage(task)
        if task.module not in TALK:
            stage.worked += 1
        if task.module == "debug":
            return self._show(outcome, self._said(outcome))
        if why := reasons(outcome):
            labels = ["why", *[""] * len(why)]
            return self._show(
                outcome, [labelled(*pair, "heading") for pair in zip(labels, why, strict=False)]
            )
        if task.module == "stack_info" and (note := inspect_note(result)):
            stage.notes.append(f"{outcome.host}: {note}" if len(self.hosts) > 1 else note)
        lines = self._own(outcome)
        changed = bool(result.get("changed"))
        if changed:
            label = "would" if outcome.check else "changed"
            if not lines:
                lines = [self._task_line(label, outcome, "changed")]
            elif outcome.check:
                lines = [self._task_line(label, outcome, "changed"), *indented(lines)]
        elif not lines and (self.verbosity > 0 or (outcome.seconds >= LONG and not stage.notes)):
            # Where a stage has a note, its one line at the end has the time too
            lines = [self._task_line("ok", outcome, "ok")]
        if self.verbosity == 1 and lines:
            lines += indented(_brief(result), 4)
        lines += [line(text) for text in outcome.diff.rstrip("\n").splitlines()]
        return self._show(outcome, lines)

    def again(self, outcome: Outcome) -> tuple[str, list[Line]]:
        """A try that failed: what is running from now on, and whom it waits for, or with -v."""
        task, result = outcome.task, outcome.result
        name, attempt = short(task.name), result.get("attempts")
        if waiting := words(result.get("waiting")):
            lines = [labelled("waits", waiting, "warn")] if attempt == 1 else []
            return f"{task.title}: waits. {waiting}", self._show(outcome, lines)
        tries = f"try {attempt} of {result.get('retries')}"
        text = f"again: {name} ({outcome.host}, {tries})"
        lines = [line((f"  {text}", "dim"))] if self.verbosity >= 1 else []
        return f"{task.title}: {name}, {tries} failed", lines

    def skipped(self, outcome: Outcome) -> list[Line]:
        """A task that had no reason to run; a line of its own only with -v."""
        self._stage(outcome.task)
        if self.verbosity < 1:
            return []
        reason = words(outcome.result.get("skip_reason") or outcome.result.get("msg"))
        return self._show(outcome, [self._task_line("skipped", outcome, "skip", reason)])

    def failed(self, outcome: Outcome, ignored: bool = False, rescued: bool = False) -> list[Line]:
        """A failure: in full where it ends the run, in a line where the playbook goes on."""
        own = self._own(outcome)
        if ignored or rescued:
            label = "ignored" if ignored else "recovered"
            lines = [*own, self._task_line(label, outcome, "warn")]
            if self.verbosity > 0:
                lines += indented(failure_lines(outcome.result, self.verbosity > 2), 4)
            elif reason := first_line(outcome.result):
                lines += indented([line((reason, "dim"))], 4)
            return self._show(outcome, lines)
        text = failure_lines(outcome.result, full=self.verbosity > 2)
        return self._show(outcome, [*own, *self._broken("failed", "failed", outcome, text)])

    def unreachable(self, outcome: Outcome, ignored: bool = False) -> list[Line]:
        """A host that is unreachable."""
        text = unreachable_lines(outcome.result, outcome.host)
        label = "ignored" if ignored else "unreachable"
        return self._show(outcome, self._broken(label, "unreachable", outcome, text))

    def _broken(self, label: str, style: str, outcome: Outcome, text: list[Line]) -> list[Line]:
        where = f"  {outcome.task.where}" if outcome.task.where else ""
        return [
            self._task_line(label, outcome, style, host=True),
            *indented(text, 4),
            line((f"    task: {outcome.task.name}{where}", "dim")),
        ]

    def _task_line(
        self, label: str, outcome: Outcome, style: str, tail: str = "", host: bool = False
    ) -> Line:
        parts = [short(outcome.task.name)]
        if outcome.item:
            parts.append(f"({outcome.item})")
        if host and len(self.hosts) <= 1:
            parts.append(f"on {outcome.host}")
        took = duration(outcome.seconds) if outcome.seconds >= 1 else ""
        return labelled(label, " ".join(parts), style, "  ".join(t for t in (took, tail) if t))

    def _own(self, outcome: Outcome) -> list[Line]:
        """The lines of this project's modules; a shape they don't know costs only those lines."""
        writer = LINES.get(outcome.task.module)
        if writer is None or "censored" in outcome.result:
            return []
        try:
            return writer(outcome, self.marks)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            if self.verbosity < 1:
                return []
            return [line((f"(this result could not be shown: {error!r})", "dim"))]

    def _said(self, outcome: Outcome) -> list[Line]:
        """What a debug task says."""
        result = outcome.result
        message = result.get("msg")
        texts = message if isinstance(message, (list, tuple)) else [message]
        if not isinstance(message, (str, list)) and "censored" not in result:
            return [line(text) for text in outcome.dump.strip("\n").splitlines()]
        said = [result["censored"]] if "censored" in result else texts
        return [line(part) for text in said for part in words(text).splitlines()]

    def _show(self, outcome: Outcome, lines: list[Line]) -> list[Line]:
        if outcome.dump and outcome.task.module != "debug" and (lines or self.verbosity > 1):
            dumped = [line((text, "dim")) for text in outcome.dump.strip("\n").splitlines()]
            lines = [*lines, *indented(dumped)]
        if len(self.hosts) > 1 and lines:
            host = f"{outcome.host}  "
            lines = [(Span(host, "heading"), *lines[0]), *indented(lines[1:], len(host))]
        return self._headed(outcome.task, lines)

    def _headed(self, task: Task, lines: Sequence[Line]) -> list[Line]:
        if not lines:
            return []
        stage = self._stage(task)
        heading = (
            [] if stage.headed and self._last == task.stage else [line((task.title, "heading"))]
        )
        stage.headed, self._last = True, task.stage
        return [*heading, *indented(lines)]

    def _stage(self, task: Task) -> _Stage:
        return self._open.setdefault(task.stage, _Stage(task.title, task.role, None))


def short(name: str) -> str:
    """A task's name without its file's name in front: `wait | Until healthy` is `Until healthy`."""
    return name.rpartition(" | ")[2].strip() or name


def reasons(outcome: Outcome) -> list[str]:
    """Why a role is about to act, where the outcome is what its pending_changes gave."""
    if outcome.task.module != "pending_changes":
        return []
    return [words(each) for each in sequence(outcome.result.get("reasons")) if words(each)]


def _brief(result: Mapping[str, Any]) -> list[Line]:
    """What a result says of itself, in at most five lines."""
    text = "" if "censored" in result else words(result.get("msg") or result.get("stdout"))
    return [line((each, "dim")) for each in text.strip().splitlines()[:5]]
