"""The closing table: what stands where, what changed, and Ansible's counts."""

from __future__ import annotations

import os.path
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..image_names import difference
from ..images import source_words
from .facts import CUSTOM, EXTERNAL, UNWELL, HostFacts, RunFacts, ServiceFacts
from .runs import run_rows, success_row
from .story import TITLES
from .text import UP_TO_DATE, Line, Marks, count, duration, labelled, line
from .usage import usage_rows

COUNTS = ("ok", "changed", "unreachable", "failures", "skipped", "rescued", "ignored")
_STYLES = {
    "ok": "ok",
    "changed": "changed",
    "unreachable": "unreachable",
    "failures": "failed",
    "skipped": "skip",
    "rescued": "ok",
    "ignored": "warn",
}
_SCHEMA = {
    "at_head": UP_TO_DATE,
    "pending": "revisions are waiting",
    "ahead": "newer than the files here",
    "empty": "nothing applied yet",
    "two_heads": "two heads: they need a merge revision",
    "unknown": "could not be read",
    "failed": "not brought to its revision",
}
_NOTHING = f"nothing, {UP_TO_DATE}"
WIDTH = 72
MOST = 6


@dataclass(frozen=True)
class Run:
    """What the closing says of the whole run. `status` is one of playbooks/status.yml.

    `width` is the terminal's, in columns; 0 where there is none. `tags` and `skip_tags` are what
    was typed of the playbook's parts. `now` in seconds since 1970.
    """

    seconds: float
    check: bool = False
    status: bool = False
    width: int = 0
    tags: Collection[str] = ("all",)
    skip_tags: Collection[str] = ()
    now: float = field(default_factory=time.time)

    def leaves_out(self, part: str) -> bool:
        """Whether a part of the plan was not to be done in this run."""
        tag = {"files": "stack", "services": "stack"}.get(part, part)
        return tag in self.skip_tags or not {tag, "all", "tagged"} & {*self.tags}


def closing_lines(facts: RunFacts, hosts: Sequence[str], run: Run, marks: Marks) -> list[Line]:
    """The tables of all hosts. One that can't be made costs only itself."""
    lines: list[Line] = []
    for host in hosts:
        known = facts.hosts.get(host, HostFacts())
        try:
            lines += host_lines(host, known, run, marks)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            lines.append(line((f"The summary of {host} could not be shown: {error!r}", "dim")))
    if lines:
        lines.append(line("  ", *labelled("took", duration(run.seconds))))
        lines.append(line((marks.rule * WIDTH, "heading")))
    return lines


def host_lines(host_name: str, host: HostFacts, run: Run, marks: Marks) -> list[Line]:
    """The table of one host."""
    title = f"{host.stack} on {host_name}" if host.stack else host_name
    head = f"{marks.rule * 2} {title} "
    rows = _service_rows(host, run.width)
    rows += _image_rows(host) + _hosts_rows(host)
    if run.status and host.engine:
        rows.append(labelled("engine", host.engine))
    rows += _file_rows(host, run)
    rows += _schema_rows(host, marks)
    rows += usage_rows(host.found.usage if run.status and host.found else None)
    rows += run_rows(host.log, marks)
    rows += success_row(host.log, run.now)
    rows += _change_rows(host, run)
    rows += [labelled(label[:9], text) for label, text in host.docs]
    return [
        line((head + marks.rule * max(WIDTH - len(head), 2), "heading")),
        *(line("  ", *row) for row in rows),
    ]


def recap_line(host_name: str, counts: Mapping[str, int]) -> Line:
    """Ansible's counts, spelled as Ansible spells them, so that scripts can search for them."""
    spans: list[str | tuple[str, str]] = [f"{host_name} :"]
    for key in COUNTS:
        number = counts.get(key, 0)
        name = "failed" if key == "failures" else key
        spans.append(" ")
        spans.append((f"{name}={number}", _STYLES[key] if number else ""))
    return line(*spans)


def _service_rows(host: HostFacts, width: int) -> list[Line]:
    """A row for each service; its image goes below where the terminal is too narrow."""
    names = {name: f"{name} {service.version}".strip() for name, service in host.services.items()}
    where = {  # of several hosts, the URL has them all: the one that takes writes says more
        name: service.address if service.hosts else service.url or service.address
        for name, service in host.services.items()
    }
    wide = max((len(text) for text in names.values()), default=0)
    far = max((len(text) for text in where.values()), default=0)
    well = max((len(service.health) for service in host.services.values()), default=0)
    longest = max((len(_image(service)) for service in host.services.values()), default=0)
    narrow = 0 < width < wide + well + far + longest + 8
    rows = []
    for name, service in host.services.items():
        health = (f"{service.health:<{well}}", _health_style(service.health))
        row = line(f"{names[name]:<{wide}}  ", health, f"  {where[name]:<{far}}")
        image = (_image(service), "dim")
        if narrow:
            rows += [row, line(" " * (wide + 2), image)]
        else:
            rows.append(line(*row, "  ", image))
    return rows


def _image_rows(host: HostFacts) -> list[Line]:
    """Where another image runs than the inventory names."""
    said = [
        f"{name}: {words}"
        for name, service in host.services.items()
        if (words := difference(service.chosen.wanted, service.image, service.chosen.why))
    ]
    return [labelled("images" if not n else "", text, "", "") for n, text in enumerate(said)]


def _hosts_rows(host: HostFacts) -> list[Line]:
    """How each host is of an external service that has several."""
    said = [f"{name}: {each}" for name, service in host.services.items() for each in service.hosts]
    return [labelled("hosts" if not n else "", text, "", "") for n, text in enumerate(said)]


def _health_style(health: str) -> str:
    if health == "healthy":
        return "ok"
    return "failed" if health in UNWELL else "warn"


def _image(service: ServiceFacts) -> str:
    if service.source in (EXTERNAL, CUSTOM):
        return service.source
    if not service.image:
        return "no image yet" if service.health == "missing" else ""
    source = source_words(service.source)
    return f"{service.image} ({source})" if source else service.image


def _file_rows(host: HostFacts, run: Run) -> list[Line]:
    """Each file in a status, else those that are not up to date, or new."""
    if not host.files:
        return []
    shown = {path: state for path, state in host.files.items() if run.status or not _still(state)}
    if not shown:
        return [labelled("files", f"{count(len(host.files), 'file')}, {UP_TO_DATE}")]
    directory = os.path.commonpath(list(host.files)) if _absolute(host.files) else ""
    if len(host.files) == 1:
        directory = str(Path(directory).parent)
    rows = [labelled("files", f"in {directory}")] if directory else []
    for path, state in shown.items():
        name = os.path.relpath(path, directory) if directory else path
        text = UP_TO_DATE if _still(state) else state
        if run.check and state in ("created", "updated"):
            text = f"would be {state}"
        style = "" if _still(state) else "changed"
        rows.append(labelled("" if rows else "files", f"{name}: {text}", style))
    return rows


def _still(state: str) -> bool:
    return state in ("in_sync", "unchanged")


def _absolute(paths: Mapping[str, str]) -> bool:
    return all(Path(path).is_absolute() for path in paths)


def _schema_rows(host: HostFacts, marks: Marks) -> list[Line]:
    """A row for each tree, with its name where there are several."""
    rows: list[Line] = []
    for name, tree in host.trees.items():
        label, named = ("" if rows else "schema"), f"{name}  " if len(host.trees) > 1 else ""
        note = tree.error or _SCHEMA.get(tree.state, tree.state)
        if tree.before != tree.after:
            moved = f"{named}{tree.before or 'empty'} {marks.arrow} {tree.after or 'empty'}"
            tail = count(tree.applied, "revision") if tree.applied else "stamped"
            tail += f"; {note}" if tree.state == "failed" else ""
            rows.append(labelled(label, moved, "changed", tail))
        elif named or tree.after or note:
            shown = named + (tree.after or note)
            rows.append(labelled(label, shown, "", note if tree.after else ""))
    return rows


def _change_rows(host: HostFacts, run: Run) -> list[Line]:
    label = "would" if run.check else "changed"
    if host.failure:
        stage, task = host.failure
        return [
            *_named(label, host.changes),
            labelled("stopped", f"in {stage}: {task}", "failed"),
            labelled("", "What is done stays done. Fix the cause above and run again.", "", ""),
        ]
    if run.status:
        rows = [labelled("problem", problem, "failed") for problem in host.problems]
        rows += [
            labelled(TITLES.get(part, "Stack"), reason, "changed")
            for part, reasons in host.todo.items()
            for reason in reasons
        ]
        if rows:
            return [labelled("pending", "on the next run:"), *rows]
        everything = labelled("pending", _NOTHING, "ok")
        return [everything] if host.inspected else []
    left = [
        TITLES.get(part, "Stack") for part in host.todo if host.todo[part] and run.leaves_out(part)
    ]
    still = (
        [labelled("pending", f"{', '.join(dict.fromkeys(left))}: left out", "warn")] if left else []
    )
    if host.changes:
        return _named(label, host.changes) + still
    if run.check:
        return [labelled("would", "change nothing", "ok"), *still]
    return [labelled("changed", "nothing" if still else _NOTHING, "ok"), *still]


def _named(label: str, changes: Sequence[tuple[str, str]]) -> list[Line]:
    """The changes by name; where they are many, how many there are in each stage."""
    if not changes:
        return []
    label, verb = ("would", "change ") if label == "would" else (label, "")
    if len(changes) > MOST:
        stages: dict[str, int] = {}
        for stage, _ in changes:
            stages[stage] = stages.get(stage, 0) + 1
        text = ", ".join(f"{stage} ({number})" for stage, number in stages.items())
        return [labelled(label, verb + text, "changed")]
    texts = [f"{stage}: {what}" for stage, what in changes]
    first, *rest = texts
    return [labelled(label, verb + first, "changed"), *(labelled("", verb + each) for each in rest)]
