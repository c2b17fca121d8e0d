"""The lines of this project's own modules, a function each.

Every function takes what came of a module and gives the lines worth reading; an empty list means
that there is nothing to say. Shapes are in each module's RETURN block.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..image_names import difference
from .outcome import Outcome
from .text import (
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
PRINTED = 15  # lines at most of what a migration printed
SOURCES = {
    "present": "already here",
    "archive": "from an archive",
    "registry": "pulled",
    "build": "built here",
}


def health_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """A bar for each service: as long as it took to answer, compared with the slowest."""
    services = [mapping(each) for each in sequence(outcome.result.get("services"))]
    slowest = max((number(each.get("seconds")) for each in services), default=0.0)
    names = [_titled(each) for each in services]
    width = max((len(name) for name in names), default=0)
    lines = []
    for name, each in zip(names, services, strict=True):
        seconds = number(each.get("seconds"))
        healthy = bool(each.get("healthy"))
        lines.append(
            line(
                f"{name:<{width}}  ",
                (f"{bar(seconds, slowest, marks):<{BAR_WIDTH}}", "ok" if healthy else "failed"),
                f"  {seconds:6.2f} s",
                (f"  {words(each.get('address'))}", "dim"),
                ("" if healthy else "  not healthy", "failed"),
            )
        )
        error = first(each.get("last_error"))
        if error and not healthy:
            lines.append(line(" " * (width + 2), (error, "dim")))
    return lines


def bar(value: float, most: float, marks: Marks) -> str:
    """A bar of at least half a character."""
    halves = round(2 * BAR_WIDTH * value / most) if most > 0 else 0
    halves = max(halves, 1)
    return marks.full * (halves // 2) + (marks.half if halves % 2 else "")


def image_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """A line for each image that had to be fetched; below, once, why no better source was used."""
    lacking = ", ".join(words(name) for name in sequence(outcome.result.get("lacking")))
    if lacking:  # the role installs them, and asks again
        return [line((f"  what building needs is not here yet: {lacking}", "dim"))]
    lines: list[Line] = []
    reasons: list[str] = []
    for service, value in mapping(outcome.result.get("images")).items():
        image = mapping(value)
        source = words(image.get("source"))
        tried = [mapping(each) for each in sequence(image.get("tried"))]
        if source == "present" and not tried:
            continue
        used = words(image.get("used")) or words(image.get("wanted"))
        if difference(image, used):
            used = f"{used} in place of {words(image.get('wanted'))}"
        lines.append(
            line(
                f"{service}  {used}  ",
                _source(image),
                (f"  {duration(number(image.get('seconds')))}", "dim"),
            )
        )
        for each in tried:
            name, why = words(each.get("source")), first(each.get("why"))
            if name not in (source, "present") and not why.startswith("no folder is set"):
                reasons.append(f"  not {SOURCES.get(name, name)}: {why}")
    return lines + [line((reason, "dim")) for reason in dict.fromkeys(reasons)]


def _source(image: Mapping[str, Any]) -> tuple[str, str]:
    source = words(image.get("source"))
    if source == "registry" and image.get("changed") is False:
        return "no newer one", "dim"
    if source:
        return SOURCES.get(source, source), "changed"
    if image.get("settled") is False:  # a check can't tell which source will have it
        return "to be fetched", "changed"
    return "not found", "failed"


def revision_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """A line for each revision that was applied or taken back; below, what they printed."""
    lines = []
    for value in sequence(outcome.result.get("applied")):
        step = mapping(value)
        back = words(step.get("direction")).startswith("down")
        lines.append(
            labelled(
                "down" if back else "up",
                f"{words(step.get('revision'))}  {words(step.get('message'))}",
                "changed",
                duration(number(step.get("seconds"))),
            )
        )
    printed = words(outcome.result.get("output")).splitlines()
    left = len(printed) - PRINTED
    if left > 0:
        printed = [f"({left} lines before these)", *printed[-PRINTED:]]
    labels = ["printed", *[""] * len(printed)]
    return lines + [labelled(*pair, "dim") for pair in zip(labels, printed, strict=False)]


def file_lines(outcome: Outcome, marks: Marks) -> list[Line]:
    """A line for each file that is new or differs; the names, never values, of new secrets."""
    lines = []
    for value in sequence(outcome.result.get("files")):
        file = mapping(value)
        action = words(file.get("action"))
        if action not in ("", "unchanged"):
            lines.append(labelled(action, words(file.get("path")), "changed"))
    made = ", ".join(words(name) for name in sequence(outcome.result.get("made")))
    if made and lines:
        lines.append(line((f"new passwords: {made}", "dim")))
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


def look_note(result: Mapping[str, Any]) -> str:
    """What the look found, in half a sentence."""
    reasons = sum(len(sequence(each)) for each in mapping(result.get("plan")).values())
    services = mapping(mapping(result.get("look")).get("services"))
    if not services and not reasons:
        return ""
    problems = len(sequence(result.get("problems")))
    if problems:
        return f"{count(problems, 'problem')} in the way"
    if not reasons:
        return "everything is as it should be"
    return "one thing differs" if reasons == 1 else f"{reasons} things differ"


def _titled(service: Mapping[str, Any]) -> str:
    return f"{words(service.get('name'))} {words(service.get('version'))}".strip()


LINES: dict[str, Callable[[Outcome, Marks], list[Line]]] = {
    "service_health": health_lines,
    "container_images": image_lines,
    "alembic_migrate": revision_lines,
    "managed_files": file_lines,
    "tunnel_files": file_lines,
    "sent_archives": archive_lines,
}
