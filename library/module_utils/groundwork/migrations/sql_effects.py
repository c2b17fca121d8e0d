"""What SQL does that the end of its transaction doesn't undo, read from its text."""

from __future__ import annotations

import re
from collections.abc import Iterator

UNKNOWN = "\0"  # in a text: what is known only when it runs
ELSEWHERE = "runs SQL that its file doesn't show"
CONCURRENTLY = "works CONCURRENTLY"
COMMITS = "commits by itself"

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_TEXT = re.compile(r"'(?:[^']|'')*'")
_BODY = re.compile(r"\$(\w*)\$(.*?)\$\1\$", re.DOTALL)
_CHANGES = r"UPDATE|DELETE|INSERT|MERGE|TRUNCATE|COPY|CALL"
_COMMAND = re.compile(rf"\s*({_CHANGES}|COMMIT|END|ROLLBACK|WITH|DO|EXECUTE)\b", re.IGNORECASE)
_INSIDE = re.compile(
    r"\b(UPDATE\s+\S+\s+SET|UPDATE\s+ONLY|DELETE\s+FROM|INSERT\s+INTO|MERGE\s+INTO|TRUNCATE)\b",
    re.IGNORECASE,
)
_DYNAMIC = re.compile(r"\b(EXECUTE|PERFORM|CALL)\b", re.IGNORECASE)
_DROPS = re.compile(
    r"\bDROP\s+(TABLE|COLUMN|SCHEMA|DATABASE|OWNED|MATERIALIZED)\b"
    r"|\bDROP\s+(?:EXTENSION|TYPE|DOMAIN|SEQUENCE)\b[^;]*\bCASCADE\b"
    r"|\bALTER\s+TABLE\b[^;]*?\bDROP\s+(?!COLUMN\b|CONSTRAINT\b|DEFAULT\b|NOT\b|IDENTITY\b|EXPRESSION\b)",
    re.IGNORECASE,
)
_CONVERTS = re.compile(r"\bALTER\b[^;]*\bTYPE\b[^;]*\bUSING\b", re.IGNORECASE)


def sql_effects(text: str) -> Iterator[tuple[str, bool]]:
    """What a text of SQL does, in words after "it", each with whether that isn't undone where the
    revision fails (else only its success can't be taken back). UNKNOWN stands for gaps."""
    bare = _TEXT.sub("''", _COMMENT.sub(" ", text))
    bodies = [found[2] for found in _BODY.finditer(bare)]
    for part in _BODY.sub(" ", bare).split(";"):
        yield from _statement(part, bodies)


def _statement(text: str, bodies: list[str]) -> Iterator[tuple[str, bool]]:
    if text.lstrip().startswith(UNKNOWN):
        yield ELSEWHERE, True
    if re.search(r"\bCONCURRENTLY\b", text, re.IGNORECASE):
        yield CONCURRENTLY, True
    found = _COMMAND.match(text)
    command = found[1].upper() if found else ""
    if command in ("COMMIT", "END", "ROLLBACK"):
        yield COMMITS, True
    elif command == "DO":
        for body in bodies:
            yield from _block(body)
    elif command == "WITH":
        yield from _rows(text)
    elif command == "EXECUTE":
        yield ELSEWHERE, True
    elif command:
        yield f"changes rows ({command})", False
    yield from _losses(text)


def _block(body: str) -> Iterator[tuple[str, bool]]:
    """The statements of a DO; its own BEGIN and END are no transaction's."""
    if re.search(r"\b(COMMIT|ROLLBACK)\s*;", body, re.IGNORECASE):
        yield COMMITS, True
    yield from _rows(body)
    yield from _losses(body)
    if _DYNAMIC.search(body):
        yield ELSEWHERE, False  # a DO's transaction is the revision's


def _rows(text: str) -> Iterator[tuple[str, bool]]:
    for found in _INSIDE.finditer(text):
        yield f"changes rows ({found[1].split()[0].upper()})", False


def _losses(text: str) -> Iterator[tuple[str, bool]]:
    for found in _DROPS.finditer(text):
        what = (found[1] or "").lower()
        yield f"drops a {what}" if what in ("table", "column", "schema") else "drops data", False
    if _CONVERTS.search(text):
        yield "converts a column", False
