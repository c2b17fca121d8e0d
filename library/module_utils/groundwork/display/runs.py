"""The audit log as rows of the closing table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..locking import LoggedRun, RunsResult
from .text import Line, Marks, age, duration, labelled, line

_STYLES = {"ok": "ok", "failed": "failed", "interrupted": "warn"}


def run_rows(found: RunsResult, marks: Marks) -> list[Line]:
    """Who changes the machine now; then for each run who, with what, how it went, what it did."""
    rows = []
    if now := found.holder:
        text = f"{now.who} on {now.where} changes this machine since {now.since} UTC"
        rows.append(labelled("now", text, "warn", now.revision))
    for index, run in enumerate(found.runs):
        took = "" if run.seconds is None else duration(run.seconds)
        tail = "  ".join(each for each in (run.playbook, run.revision, took) if each)
        rows.append(
            line(
                *labelled("" if index else "runs", f"{run.at} UTC  {run.who} on {run.where}  "),
                (run.result, _STYLES.get(run.result, "warn")),
                (f"  {tail}", "dim"),
            )
        )
        rows += [labelled("", f"  {text}", "", "") for text in _did(run, marks)]
    return rows


def success_row(found: RunsResult, now: float) -> list[Line]:
    """How long ago a run ended well; `now` in seconds since 1970."""
    if not (run := found.succeeded) or not run.ended:
        return []
    return [labelled("last ok", f"{age(max(now - run.ended, 0))} ago", "", f"{run.at} UTC")]


def _did(run: LoggedRun, marks: Marks) -> Sequence[str]:
    """A few lines: what was changed, by stage, the schema's moves, where it stopped."""
    stages = Counter(change.partition(":")[0] for change in run.changed)
    lines = []
    if stages:
        lines.append("changed " + ", ".join(f"{name} ({n})" for name, n in stages.items()))
    for name, move in (run.trees or {"": run.schema}).items():
        if move.before != move.after:
            moved = f"{move.before or 'empty'} {marks.arrow} {move.after or 'empty'}"
            lines.append(f"schema {name + ' ' if name else ''}{moved}")
    if run.stopped:
        lines.append(f"stopped in {run.stopped}")
    return lines or (["changed nothing"] if run.result != "interrupted" else [])
