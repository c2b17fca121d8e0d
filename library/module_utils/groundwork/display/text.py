"""Lines, marks and words: the small things that every other file here writes with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..text import masked_url, shortened

LABEL_WIDTH = 9
UP_TO_DATE = "up to date"


class Span(NamedTuple):
    """A piece of a line. `style` is one of the callback's colours, or empty."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


@dataclass(frozen=True)
class Marks:
    """The few characters that a plain terminal may not have."""

    full: str
    half: str
    rule: str
    arrow: str
    dots: str


UNICODE = Marks(full="█", half="▌", rule="─", arrow="→", dots="…")
ASCII = Marks(full="#", half="-", rule="-", arrow="->", dots="...")


def marks_for(encoding: str | None) -> Marks:
    """The marks that a stream of this encoding can show."""
    try:
        "".join(vars(UNICODE).values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def line(*spans: str | tuple[str, str]) -> Line:
    """A line from strings and (text, style) pairs; empty pieces are left out."""
    pairs = (Span(span) if isinstance(span, str) else Span(*span) for span in spans)
    return tuple(pair for pair in pairs if pair.text)


def labelled(label: str, text: str, style: str = "", tail: str = "") -> Line:
    """`label` in a column of its own, then the text, then a dim tail."""
    return line(
        (f"{label:<{LABEL_WIDTH}} ", style),
        text,
        (f"  {tail}" if tail else "", "dim"),
    )


def indented(lines: Iterable[Line], by: int = 2) -> list[Line]:
    """The same lines, further to the right."""
    return [(Span(" " * by), *each) for each in lines]


def plain(lines: Iterable[Line]) -> list[str]:
    """Lines as they read without colours."""
    return ["".join(span.text for span in each) for each in lines]


def duration(seconds: float) -> str:
    """Seconds as a person says them: `0.4 s`, `12 s`, `2 min 05 s`."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60:02d} s"


def count(number: int, word: str) -> str:
    """`1 task`, `3 tasks`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def size(number: int) -> str:
    """Bytes as a person says them: `177 B`, `47.1 MB`, `120 GB`."""
    amount, units = float(number), iter(("B", "kB", "MB", "GB", "TB", "PB"))
    unit = next(units)
    while amount >= 999.5 and (larger := next(units, "")):
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 99.95 else f"{amount:.1f} {unit}"


def age(seconds: float) -> str:
    """How long ago: `20 s`, `5 min`, `3 h`, `12 days`."""
    for least, unit in ((2 * 86400, "days"), (2 * 3600, "h"), (2 * 60, "min")):
        if seconds >= least:
            return f"{seconds // (least / 2):.0f} {unit}"
    return f"{seconds:.0f} s"


def item_label(label: Any, marks: Marks) -> str:
    """A turn of a loop in at most 60 characters: a dictionary by its name or key."""
    if isinstance(label, Mapping):
        label = label.get("name") or label.get("key") or label
    return shortened(str(label), 60, marks.dots)


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: Any) -> Sequence[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, (list, tuple)) else ()


def words(value: Any) -> str:
    """A value as text; nothing for None."""
    return "" if value is None else str(value)


def first(value: Any) -> str:
    """The first line of a text from a program, without a password of a URL in it."""
    lines = words(value).strip().splitlines()
    return masked_url(lines[0]) if lines else ""


def number(value: Any) -> float:
    """A value as seconds; zero if it is none."""
    return float(value) if isinstance(value, (int, float)) else 0.0
