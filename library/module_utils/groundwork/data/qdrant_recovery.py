"""A Qdrant on a new volume, which nobody else reaches: it recovers a copy's collections."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import GroundworkError
from . import qdrant_scripts as scripts
from . import steps
from .job import Job, Mount
from .model import Source
from .qdrant_collections import Collection, at, lacking, parse, read, words

_ENDS = (0, 143)  # the official image's entry point ends by the signal that it got


def prove(
    source: Source, collections: Sequence[Collection], aliases: Mapping[str, str], volume: str
) -> None:
    """Recover, compare and stop in order. Raises GroundworkError."""
    steps.require_volumes(source, volume)
    known = source.docker.inspect("image", [source.image]).get(source.image, {}).get("Config", {})
    job = Job(
        source.docker,
        source.stack,
        source.image,
        (Mount(volume, scripts.STORAGE),),
        user=known.get("User") or "0",
        directory=known.get("WorkingDir") or "/qdrant",
        environment=scripts.ENVIRONMENT,
        memory=steps.memory_of(source),
    )
    with job.started() as container:
        inside = RecoveringServer(source, container)
        steps.wait(source, container, inside.ready)
        for each in collections:
            location = f"file://{scripts.SNAPSHOTS}/{scripts.RESTORED}/{each.file}"
            wanted = {"location": location, "priority": "snapshot"}
            inside.ask("PUT", f"{at(each.name)}/snapshots/recover?wait=true", wanted)
        actions = [
            {"create_alias": {"alias_name": alias, "collection_name": name}}
            for alias, name in aliases.items()
        ]
        if actions:
            inside.ask("POST", "/collections/aliases", {"actions": actions})
        if lines := [line for each in collections for line in _compare(inside, each)]:
            raise steps.differs(source, lines)
        steps.stop(source, container, fine=_ENDS)


@dataclass(frozen=True)
class RecoveringServer:
    """A server that nobody reaches but from inside its own container."""

    source: Source
    container: str

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and answer; 0 where nobody listens."""
        text = "" if body is None else json.dumps(body)
        length = str(len(text.encode()))
        script = ("bash", "-c", scripts.ASK, "bash", method, path, length)
        done = self.source.docker.run(
            *("exec", "--interactive", self.container, *script), stdin=text, timeout=steps.LONG
        )
        return parse(done.stdout)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The result; raises GroundworkError where that is an error."""
        status, answer = self.send(method, path, body)
        if status == 200:
            return answer["result"]
        if not steps.state_of(self.source, self.container).get("Running"):
            raise steps.unproven(self.source, self.container, "ended by itself")
        raise GroundworkError(
            f"The server on {self.source.service.name}'s new volume answers {status} to "
            f"{method} {path}.",
            where=self.source.stack,
            details=[words(answer)],
            next_step=f"{steps.UNTOUCHED}See what it says, or choose another copy.",
        )

    def ready(self) -> bool:
        """Whether it takes requests."""
        return self.send("GET", "/readyz")[0] == 200


def _compare(inside: RecoveringServer, wanted: Collection) -> Iterator[str]:
    described = inside.ask("GET", at(wanted.name))
    counted = inside.ask("POST", f"{at(wanted.name)}/points/count", {"exact": True})
    yield from lacking(wanted, read(wanted.name, described, counted["count"]))
