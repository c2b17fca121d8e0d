"""The audit log as rows of the closing table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .text import Line, Marks, duration, labelled, line, mapping, number, sequence, words

_STYLES = {"ok": "ok", "failed": "failed", "interrupted": "warn"}


def run_rows(
    holder: Mapping[str, Any], runs: Sequence[Mapping[str, Any]], marks: Marks
) -> list[Line]:
    """Who changes the machine now; then for each run who, with what, how it went, what it did."""
    rows = []
    if holder:
        text = f"{_who(holder)} changes this machine since {words(holder.get('since'))} UTC"
        rows.append(labelled("now", text, "warn", words(holder.get("revision"))))
    for index, run in enumerate(runs):
        result = words(run.get("result"))
        head = f"{words(run.get('at'))} UTC  {_who(run)}  "
        tail = "  ".join(
            each
            for each in (
                words(run.get("playbook")),
                words(run.get("revision")),
                duration(number(run["seconds"])) if "seconds" in run else "",
            )
            if each
        )
        rows.append(
            line(
                *labelled("" if index else "runs", head),
                (result, _STYLES.get(result, "warn")),
                (f"  {tail}", "dim"),
            )
        )
        rows += [labelled("", f"  {text}", "", "") for text in _did(run, marks)]
    return rows


def _who(run: Mapping[str, Any]) -> str:
    return f"{words(run.get('who'))} on {words(run.get('where'))}"


def _did(run: Mapping[str, Any], marks: Marks) -> list[str]:
    """At most three lines: what was changed, by stage, the schema's move, where it stopped."""
    stages: dict[str, int] = {}
    for change in sequence(run.get("changed")):
        stage = words(change).partition(":")[0]
        stages[stage] = stages.get(stage, 0) + 1
    lines = []
    if stages:
        lines.append("changed " + ", ".join(f"{name} ({n})" for name, n in stages.items()))
    schema = mapping(run.get("schema"))
    before, after = words(schema.get("before")), words(schema.get("after"))
    if before != after:
        lines.append(f"schema {before or 'empty'} {marks.arrow} {after or 'empty'}")
    if stopped := words(run.get("stopped")):
        lines.append(f"stopped in {stopped}")
    return lines or (["changed nothing"] if run.get("result") != "interrupted" else [])
