"""The lines of this project's own modules, a function each.

Every function takes what came of a module and gives the lines worth reading; an empty list means
that there is nothing to say. Shapes are in each module's RETURN block.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ..health import HealthResult
from ..image_names import difference
from ..images import ImageResult, ImagesResult, source_words
from ..migrations import MigrationResult, TreeHistory
from ..rendered import FilesResult
from ..state import Inspection
from .outcome import Outcome
from .text import (
    UP_TO_DATE,
    Line,
    Marks,
    count,
    duration,
    first,
    labelled,
    line,
    mapping,
    number,
    sequence,
    words,
)

BAR_WIDTH = 20
# What Alembic itself logs of each run; the revisions have a line of their own here
_ALEMBICS = re.compile(
    r"alembic\.runtime\.migration\b.*"
    r"(Context impl |Will assume (non-)?transactional DDL|Running (upgrade|downgrade) )"
)
PRINTED = 15  # lines at most of what a migration printed


def health_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """A bar for each service: as long as it took to answer, compared with the slowest."""
    services = HealthResult.from_dict(outcome.result).services
    slowest = max((each.seconds for each in services), default=0.0)
    names = [f"{each.name} {each.version}".strip() for each in services]
    width = max((len(name) for name in names), default=0)
    lines = []
    for name, each in zip(names, services, strict=True):
        lines.append(
            line(
                f"{name:<{width}}  ",
                (
                    f"{bar(each.seconds, slowest, marks):<{BAR_WIDTH}}",
                    "ok" if each.healthy else "failed",
                ),
                f"  {each.seconds:6.2f} s",
                (f"  {each.address}", "dim"),
                ("" if each.healthy else "  not healthy", "failed"),
            )
        )
        error = first(each.last_error)
        if error and not each.healthy:
            lines.append(line(" " * (width + 2), (error, "dim")))
    return lines


def bar(value: float, most: float, marks: Marks) -> str:
    """A bar of at least half a character."""
    halves = round(2 * BAR_WIDTH * value / most) if most > 0 else 0
    halves = max(halves, 1)
    return marks.full * (halves // 2) + (marks.half if halves % 2 else "")


def image_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """A line for each image that had to be fetched; below, once, why no better source was used."""
    found = ImagesResult.from_dict(outcome.result)
    if found.lacking:  # the role installs them, and asks again
        lacking = ", ".join(found.lacking)
        return [line((f"  what building needs is not here yet: {lacking}", "dim"))]
    lines: list[Line] = []
    reasons: list[str] = []
    for service, image in found.images.items():
        if image.source == "present" and not image.tried:
            continue
        used = image.used or image.wanted
        if difference(image.wanted, used):
            used = f"{used} in place of {image.wanted}"
        took = (f"  {duration(image.seconds)}", "dim")
        lines.append(line(f"{service}  {used}  ", _source(image), took))
        reasons += [
            f"  not {source_words(each.source)}: {first(each.why)}"
            for each in image.tried
            if each.source not in (image.source, "present")
            if not each.why.startswith("no directory is set")
        ]
    return lines + [line((reason, "dim")) for reason in dict.fromkeys(reasons)]


def _source(image: ImageResult) -> tuple[str, str]:
    if image.source == "registry" and not image.changed:
        return "no newer one", "dim"
    if image.source:
        return source_words(image.source), "changed"
    if not image.resolved:  # a check can't tell which source will have it
        return "to be fetched", "changed"
    return "not found", "failed"


def revision_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """A line for each revision that was applied or taken back; below, what they printed."""
    found = MigrationResult.from_dict(outcome.result)
    lines = [
        labelled(
            step.direction, f"{step.revision}  {step.message}", "changed", duration(step.seconds)
        )
        for step in found.applied
    ]
    if found.stamped:
        at = [", ".join(each) or "base" for each in (found.before, found.after)]
        lines.append(labelled("stamp", f" {marks.arrow} ".join(at), "changed"))
    printed = _printed(found.output)
    if found.tree and (lines or printed):
        lines.insert(0, labelled("tree", found.tree))
    return lines + printed


def _printed(text: str) -> list[Line]:
    """The last lines of what a migration or a seed printed."""
    printed = [each for each in text.splitlines() if not _ALEMBICS.search(each)]
    left = len(printed) - PRINTED
    if left > 0:
        printed = [f"({left} lines before these)", *printed[-PRINTED:]]
    labels = ["printed", *[""] * len(printed)]
    return [labelled(*pair, "dim") for pair in zip(labels, printed, strict=False)]


def seed_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """Which seed, and what it printed."""
    tree = words(outcome.result.get("tree")) or "alembic"
    if outcome.status == "failed":
        return []
    return [labelled("seed", tree, "changed"), *_printed(words(outcome.result.get("output")))]


def history_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """Each tree: where its database is, and its revisions, the newest first."""
    lines: list[Line] = []
    for value in sequence(outcome.result.get("trees")):
        found = TreeHistory.from_dict(value)
        state = found.state
        place = f"{found.service}, database {found.database}" if found.service else state.error
        current = ", ".join(state.current) or ("unknown" if state.error else "empty")
        pending = count(len(state.pending), "revision") if state.pending else "none"
        lines += [
            labelled("tree", found.name or "alembic", "heading", place),
            labelled("current", current, "", first(state.error)),
            labelled("head" if len(state.heads) == 1 else "heads", ", ".join(state.heads)),
            labelled("pending", "unknown" if state.error else pending),
        ]
        for index, each in enumerate(found.revisions):
            label = "" if index else "history"
            note = "pending" if not each.applied and not state.error else ""
            style = "changed" if note else ""
            note = "current" if each.current else note
            lines.append(labelled(label, f"{each.revision}  {each.message}", style, note))
    return lines


def file_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """A line for each file that is new or differs; the names, never values, of new secrets."""
    found = FilesResult.from_dict(outcome.result)
    lines = [
        labelled(file.action, file.path, "changed")
        for file in found.files
        if file.action != "unchanged"
    ]
    if found.made and lines:
        lines.append(line((f"new passwords: {', '.join(found.made)}", "dim")))
    return lines


def archive_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """A line for each archive of which something was sent, or would be; not for their list."""
    lines = []
    for value in sequence(outcome.result.get("files")):
        file = mapping(value)
        action, name = words(file.get("action")), words(file.get("name"))
        size, sent = (number(file.get(key)) / 1e6 for key in ("size", "sent"))
        begun = sent > 0 or outcome.status != "failed"
        if action == "unchanged" or not begun or name == "SHA256SUMS":
            continue
        some = f"{sent:.0f} of " if 0 < sent < size else ""
        lines.append(labelled(action, name, "changed", f"{some}{size:.0f} MB" if size else ""))
    return lines


def inspect_note(result: Mapping[str, Any]) -> str:
    """What the inspection found, in half a sentence."""
    found = Inspection.from_dict(result)
    reasons = sum(len(each) for _, each in found.plan.steps())
    if not found.state.services and not reasons:
        return ""
    if found.problems:
        return count(len(found.problems), "blocking problem")
    if not reasons:
        return UP_TO_DATE
    return f"{count(reasons, 'change')} pending"


def _of_data(name: str) -> Callable[[Outcome, Marks], list[Line]]:
    """Of `data.py`; most runs don't touch data, and what knows them takes its time to import."""

    def lines(outcome: Outcome, marks: Marks) -> list[Line]:
        from . import data

        found: list[Line] = getattr(data, name)(outcome, marks)
        return found

    return lines


LINES: dict[str, Callable[[Outcome, Marks], list[Line]]] = {
    "service_health": health_lines,
    "container_images": image_lines,
    "alembic_migrate": revision_lines,
    "schema_history": history_lines,
    "schema_seed": seed_lines,
    "managed_files": file_lines,
    "tunnel_files": file_lines,
    "sent_archives": archive_lines,
    "data_snapshot": _of_data("snapshot_lines"),
    "data_restore": _of_data("restore_lines"),
    "data_backup": _of_data("backup_lines"),
    "data_upgrade": _of_data("upgrade_lines"),
    "migration_snapshot": _of_data("way_back_lines"),
}
