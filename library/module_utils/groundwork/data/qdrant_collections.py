"""What of a collection a copy keeps, and how a server's answers are read. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ..records import Record

SIDE_BY_SIDE = 4  # collections that a server is busy with
_FEW = 100  # points; a writer's batch


@dataclass(frozen=True)
class Collection(Record):
    """A collection in a copy. `points` are the least and the most that it can have: they are one
    number where nobody wrote meanwhile. `indexes` are its payload's, their kinds by field."""

    name: str = ""
    file: str = ""
    points: tuple[int, ...] = ()
    vectors: Mapping[str, Any] = field(default_factory=dict)
    indexes: Mapping[str, str] = field(default_factory=dict)


def at(name: str) -> str:
    """Its path in the REST API."""
    return f"/collections/{quote(name, safe='')}"


def read(name: str, result: Mapping[str, Any], points: int) -> Collection:
    """A collection as a server describes it, and the points that it counted."""
    schema = result.get("payload_schema") or {}
    return Collection(
        name=name,
        points=(int(points),),
        vectors=result["config"]["params"].get("vectors") or {},
        indexes={key: str(each["data_type"]) for key, each in schema.items()},
    )


def lacking(wanted: Collection, found: Collection) -> Iterator[str]:
    """What a recovered collection has otherwise than it should."""
    points = max(found.points)
    least, most = min(wanted.points), max(wanted.points)
    # Where somebody inserts and deletes meanwhile, the counts before and after are no bounds
    room = max(most - least, _FEW, most // 10) if most > least else 0
    if not least - room <= points <= most + room or (least and not points):
        known = f"{least}" if least == most else f"{least} to {most}"
        yield f"The collection {wanted.name} has {points} points, and had {known}."
    if found.vectors != wanted.vectors:
        yield f"The vectors of {wanted.name} are {found.vectors}, and were {wanted.vectors}."
    for key, kind in wanted.indexes.items():
        if found.indexes.get(key) != kind:
            yield f"The payload index {key} ({kind}) is missing in {wanted.name}."


def words(answer: Any) -> str:
    """What an error says."""
    said = answer.get("status") if isinstance(answer, dict) else answer
    return str(said.get("error", said) if isinstance(said, dict) else said)


def parse(said: str) -> tuple[int, Any]:
    """Status and JSON of an HTTP answer, its line ends as Python reads them. Pure."""
    head, _, body = said.replace("\r\n", "\n").partition("\n\n")
    words = head.split(" ", 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    try:
        return status, json.loads(body)
    except ValueError:
        return status, body.strip()
