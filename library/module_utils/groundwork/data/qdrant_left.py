"""The server's own snapshots that a killed copy left on its disk: known by notes, and removed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from ..docker import jobs
from ..errors import GroundworkError
from .model import Source
from .qdrant_collections import at

Send = Callable[[str, str], tuple[int, Any]]


def listed(send: Send, name: str) -> list[str]:
    """A collection's snapshots, the oldest first; none where it is gone."""
    status, answer = send("GET", f"{at(name)}/snapshots")
    found = answer["result"] if status == 200 else []
    return [each["name"] for each in sorted(found, key=lambda e: str(e.get("creation_time")))]


def remove(send: Send, name: str, snapshot: str) -> tuple[int, Any]:
    """Remove one; the server's answer."""
    return send("DELETE", f"{at(name)}/snapshots/{quote(snapshot, safe='')}?wait=true")


def note(source: Source, send: Send, name: str) -> str:
    """Write down, right before a collection's snapshot is made, which there are already.

    The note: the first that comes after those is the one that is made now. The server names it, so
    it has no name yet.
    """
    before = {
        "service": source.service.name,
        "collection": name,
        "before": listed(send, name),
    }
    done = jobs.write_note(source.docker, source.stack, json.dumps(before))
    if not done.ok:
        raise GroundworkError(
            f"{source.service.name} can't be copied: {done.error}",
            where=source.stack,
            next_step="Fix what it says, then run again. Nothing was changed.",
        )
    return done.stdout.strip()


def forget(source: Source, notes: list[str]) -> None:
    """Remove notes whose snapshots are gone."""
    if notes:
        source.docker.run("volume", "rm", "--force", *notes)


def clear(source: Source, send: Send) -> None:
    """Remove what killed copies left on this server. It is tidying: what fails stays for later."""
    for volume, text in jobs.notes(source.docker, source.stack).items():
        with suppress(ValueError):
            told: Mapping[str, Any] = json.loads(text)
            if told.get("service") != source.service.name:
                continue
            known = set(told["before"])
            ours = [each for each in listed(send, told["collection"]) if each not in known][:1]
            if all(remove(send, told["collection"], each)[0] in (200, 404) for each in ours):
                forget(source, [volume])
