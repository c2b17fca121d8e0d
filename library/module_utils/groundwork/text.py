"""Text for people: secrets out of sight, near misses, and lines that fit."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

MASK = "********"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
_PASSWORD = re.compile(r"(://[^/\s:@]*):[^/\s@]*@")


def masked(text: str, secrets: Iterable[str]) -> str:
    """`text` with `********` in place of every secret."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def masked_url(url: str) -> str:
    """A URL whose password, if it still has one, is out of sight."""
    return _PASSWORD.sub(r"\1:***@", url)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` for a near miss, the known words otherwise."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1)
    return f" Did you mean {near[0]!r}?" if near else f" Known are: {', '.join(words)}."


def clean(text: str) -> str:
    """`text` without colours and control characters, in one line."""
    return " ".join(_ESCAPES.sub(" ", text).split())


def one_line(text: str, limit: int = 300) -> str:
    """`text` without line breaks, cut to `limit` characters."""
    return shortened(" ".join(text.split()), limit)


def shortened(text: str, width: int, dots: str = "…") -> str:
    """At most `width` characters, the end replaced by dots."""
    return text if len(text) <= width else text[: max(width - len(dots), 0)] + dots
