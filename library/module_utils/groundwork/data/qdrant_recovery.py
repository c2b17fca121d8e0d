"""A Qdrant on a new volume, which nobody else reaches: it recovers a copy's collections."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..errors import GroundworkError
from . import qdrant_scripts as scripts
from . import steps
from .job import FILE_CAPABILITIES, Job, Mount, Worker
from .model import Source
from .qdrant_collections import SIDE_BY_SIDE, Collection, at, lacking, parse, read, words

_ENDS = (0, 143)  # the official image's entry point ends by the signal that it got
_READY = """bash -c 'exec 3<>/dev/tcp/127.0.0.1/6333; printf "GET /readyz HTTP/1.0\\r\\n\\r\\n" >&3
  read -r _ status _ <&3; [ "$status" = 200 ]' 2>/dev/null"""
_START = f'cd -- "$1"; shift\n{steps.start(_READY)}'
# The official image's entry point ends at the signal, and its server a while later
_END = f"""{steps.end(fine=_ENDS)}
{steps.until("! { cat /proc/[0-9]*/comm 2>/dev/null | grep -qx qdrant; }")}
"""


@dataclass(frozen=True)
class ServerImage:
    """How the service's image starts a server: its `command`, as `user` in `directory`."""

    source: Source
    command: tuple[str, ...]
    user: str
    directory: str

    def job(self, copy: Mount, volume: str) -> Job:
        """A container for that and for what fills the volume before; root's, as the service's."""
        source = self.source
        return Job(
            source.docker,
            source.stack,
            source.image,
            (Mount(volume, scripts.STORAGE), copy),
            capabilities=FILE_CAPABILITIES,
            environment=scripts.ENVIRONMENT,
            memory=steps.memory_of(source),
        )


def image_of(source: Source) -> ServerImage:
    """What the engine knows of the service's image."""
    known = source.docker.inspect("image", [source.image]).get(source.image, {}).get("Config", {})
    command = [*(known.get("Entrypoint") or []), *(known.get("Cmd") or [])]
    directory = known.get("WorkingDir") or "/qdrant"
    return ServerImage(source, tuple(command), known.get("User") or "0", directory)


@dataclass(frozen=True)
class RecoveringServer:
    """A server in a container that waits; nobody reaches it but from inside."""

    work: Worker
    image: ServerImage

    def start(self) -> None:
        """Return once it answers. Raises GroundworkError."""
        started = self.work(_START, self.image.directory, *self.image.command, user=self.image.user)
        if not started.ok:
            raise steps.unproven(self.image.source, "doesn't start", started.stderr)

    def prove(self, collections: Sequence[Collection], aliases: Mapping[str, str]) -> None:
        """Recover, compare and stop in order. Raises GroundworkError."""
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            compared = [*pool.map(self._recover, collections)]
        actions = [
            {"create_alias": {"alias_name": alias, "collection_name": name}}
            for alias, name in aliases.items()
        ]
        if actions:
            self.ask("POST", "/collections/aliases", {"actions": actions})
        if lines := [line for each in compared for line in each]:
            raise steps.differs(self.image.source, lines)
        ended = self.work(_END, user=self.image.user)
        if not ended.ok:
            raise steps.unproven(self.image.source, "didn't end in order", ended.stderr)

    def _recover(self, wanted: Collection) -> list[str]:
        """What it has otherwise than the copy, then."""
        location = f"file://{scripts.SNAPSHOTS}/{scripts.RESTORED}/{wanted.file}"
        how = {"location": location, "priority": "snapshot"}
        self.ask("PUT", f"{at(wanted.name)}/snapshots/recover?wait=true", how)
        described = self.ask("GET", at(wanted.name))
        counted = self.ask("POST", f"{at(wanted.name)}/points/count", {"exact": True})
        return [*lacking(wanted, read(wanted.name, described, counted["count"]))]

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and answer; 0 where nobody listens."""
        text = "" if body is None else json.dumps(body)
        length = str(len(text.encode()))
        script = ("bash", "-c", scripts.ASK, "bash", method, path, length)
        done = self.image.source.docker.run(
            *("exec", "--interactive", self.work.container, *script), stdin=text, timeout=steps.LONG
        )
        return parse(done.stdout)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The result; raises GroundworkError where that is an error."""
        status, answer = self.send(method, path, body)
        if status == 200:
            return answer["result"]
        still = self.work(steps.ENDED_BY_ITSELF)
        if not still.ok:
            raise steps.unproven(self.image.source, "ended by itself", still.stderr)
        raise GroundworkError(
            f"The server on {self.image.source.service.name}'s new volume answers {status} to "
            f"{method} {path}.",
            where=self.image.source.stack,
            details=[words(answer)],
            next_step=f"{steps.UNTOUCHED}See what it says, or choose another copy.",
        )
