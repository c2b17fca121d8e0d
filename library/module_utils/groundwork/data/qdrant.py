"""Qdrant's data: a snapshot of each collection by the server itself, and the aliases beside them.

Collections aren't copied at one moment. The server's snapshots don't cross from the official one to
the gateway, or back.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..docker import CommandResult
from ..errors import GroundworkError
from ..services import ProbeError, endpoint, service_type
from ..services import qdrant as server
from . import qdrant_left, steps
from . import qdrant_scripts as scripts
from .job import FILE_CAPABILITIES, Job, Mount
from .model import AT_ONCE, Checkpoint, Source, Turn
from .qdrant_collections import SIDE_BY_SIDE, Collection, at, read, words
from .qdrant_recovery import RecoveringServer, image_of

_TIMEOUT = 30.0  # seconds, of a question
_NOT_SPOKEN = 501  # what the gateway answers where the official one has more


@dataclass(frozen=True)
class QdrantData:
    """What Qdrant's data are copied and put back by (see `model.DataType`)."""

    def bytes_needed(self, source: Source) -> int:
        """Its volume twice: the server's own snapshots are there until they are copied."""
        asked = f"du -sk {scripts.STORAGE}"
        done = source.docker.run("exec", source.container, "sh", "-c", asked)
        if not done.ok:  # its user may not read all
            live = source.volumes[source.service.name]
            done = _job(source, Mount(live, scripts.STORAGE, read_only=True)).run(asked)
        if not done.ok:
            raise steps.failed("Qdrant's volume can't be read.", source, done, "Run again.")
        return 2 * steps.kilobytes(done)

    def checkpoint(self, source: Source, place: str, path: str, turn: Turn = AT_ONCE) -> Checkpoint:
        """Snapshots by the server, which are removed from its volume once they are copied."""
        steps.container_of(source)
        turn.wait()
        made: dict[str, str] = {}
        notes: dict[str, str] = {}
        send = partial(_send, source)
        qdrant_left.clear(source, send)

        def save(name: str) -> Collection | None:
            before = _describe(source, name)
            notes[name] = qdrant_left.note(source, send, name)
            snapshot = _create(source, name)
            if not snapshot:
                return None
            made[name] = snapshot
            after = _describe(source, name)
            counts = {*before.points, *(after or before).points} if before else ()
            return before and replace(before, points=tuple(sorted(counts)))

        try:
            with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
                saved = [each for each in pool.map(save, _names(source)) if each]
            found = [replace(c, file=f"{n:04}.snapshot") for n, c in enumerate(saved, 1)]
            aliases = _aliases(source)
            turn.over()
            copied = _copy(source, place, path, {c.file: (c.name, made[c.name]) for c in found})
        except BaseException as error:
            for each in made.items():
                _delete(source, *each, strict=False)
            # Where it was interrupted, the server goes on with some
            ended = notes if isinstance(error, GroundworkError) else made
            qdrant_left.forget(source, [notes[name] for name in ended])
            raise
        for each in made.items():
            _delete(source, *each)
        qdrant_left.forget(source, [*notes.values()])
        sums, size = copied
        kept = {each.name for each in found}
        return Checkpoint(
            kind=source.service.kind,
            image=source.image,
            storage_format=source.storage_format,
            version=str(_ask(source, "GET", "/").get("version", "")),
            files={each.file: sums[each.file] for each in found},
            details={
                "collections": [each.to_dict() for each in found],
                "aliases": {alias: name for alias, name in aliases.items() if name in kept},
            },
            facts={"points": {each.name: list(each.points) for each in found}},
            bytes=size,
        )

    def fill(
        self, source: Source, saved: Checkpoint, place: str, path: str, volumes: Mapping[str, str]
    ) -> None:
        """Let a server of its own recover each snapshot and make the aliases, and compare."""
        _check_format(source, saved)
        volume = volumes[source.service.name]
        steps.require_volumes(source, place, volume)
        collections = [Collection.from_dict(each) for each in saved.details["collections"]]
        pairs = [part for c in collections for part in (c.file, saved.files.get(c.file, ""))]
        image = image_of(source)
        job = image.job(Mount(place, "/copy", read_only=True), volume)
        with ThreadPoolExecutor(1) as pool, job.waiting() as work:
            server = RecoveringServer(work, image)
            _expect(source, work(scripts.PREPARE))
            started = pool.submit(server.start)  # it takes as long as the copying
            _expect(source, work(scripts.FILL, path, *pairs))
            started.result()
            server.prove(collections, saved.details.get("aliases", {}))
            _expect(source, work(scripts.FINISH))


def _expect(source: Source, done: CommandResult) -> None:
    if not done.ok:
        raise steps.not_filled(source, done)


def _check_format(source: Source, saved: Checkpoint) -> None:
    if saved.storage_format != source.storage_format:
        raise GroundworkError(
            f"The copy of {source.service.name} was made by {saved.storage_format} "
            f"({saved.image}), whose snapshots {source.storage_format} ({source.image}) can't "
            "read.",
            where=source.stack,
            next_step=f"{steps.UNTOUCHED}Name the image that made it in stack_services.",
        )


def _job(source: Source, *mounts: Mount) -> Job:
    capabilities = FILE_CAPABILITIES
    return Job(source.docker, source.stack, source.image, mounts, capabilities=capabilities)


def _send(
    source: Source, method: str, path: str, timeout: float = _TIMEOUT, body: Any = None
) -> tuple[int, Any]:
    service = source.service
    secret = service_type(service).password(service, source.secrets)
    try:
        asked = server.HttpRequest(method, path, body)
        return server.ask(service, endpoint(service, "host"), secret, asked, timeout)
    except ProbeError as error:
        raise GroundworkError(
            f"{service.name} can't be asked: {error}",
            where=str(endpoint(service, "host")),
            next_step="See that it is healthy (playbooks/status.yml), then run again.",
        ) from None


def _ask(source: Source, method: str, path: str, timeout: float = _TIMEOUT) -> Any:
    """What it answers; raises GroundworkError where that is an error."""
    status, answer = _send(source, method, path, timeout)
    if status == 200:
        return answer
    raise _answered(source, method, path, status, answer)


def _answered(source: Source, method: str, path: str, status: int, answer: Any) -> GroundworkError:
    return GroundworkError(
        f"{source.service.name} answers {status} to {method} {path}.",
        where=str(endpoint(source.service, "host")),
        details=[words(answer)],
        next_step="See what it says, then run again.",
    )


def _names(source: Source) -> list[str]:
    found = _ask(source, "GET", "/collections")["result"]["collections"]
    return sorted(each["name"] for each in found)


def _describe(source: Source, name: str) -> Collection | None:
    """How a collection is now; None where it is gone."""
    answers = []
    for method, path, body in (
        ("GET", at(name), None),
        ("POST", f"{at(name)}/points/count", {"exact": True}),
    ):
        status, answer = _send(source, method, path, steps.LONG, body)
        if status == 404:
            return None
        if status != 200:
            raise _answered(source, method, path, status, answer)
        answers.append(answer["result"])
    return read(name, answers[0], answers[1]["count"])


def _create(source: Source, name: str) -> str:
    """The name of a new snapshot; `""` where the collection is gone."""
    path = f"{at(name)}/snapshots?wait=true"
    status, answer = _send(source, "POST", path, steps.LONG)
    if status == 404:
        return ""
    if status != 200:
        raise _answered(source, "POST", path, status, answer)
    return str(answer["result"]["name"])


def _delete(source: Source, name: str, snapshot: str, strict: bool = True) -> None:
    try:
        status, answer = qdrant_left.remove(partial(_send, source), name, snapshot)
        if status not in (200, 404):
            raise _answered(source, "DELETE", f"{at(name)}/snapshots", status, answer)
    except GroundworkError:
        if strict:  # else another failure is what is told
            raise


def _aliases(source: Source) -> dict[str, str]:
    """The collection of each alias; none where the server has no such thing."""
    status, answer = _send(source, "GET", "/aliases")
    if status == _NOT_SPOKEN:
        return {}
    if status != 200:
        raise _answered(source, "GET", "/aliases", status, answer)
    return {each["alias_name"]: each["collection_name"] for each in answer["result"]["aliases"]}


def _copy(
    source: Source, place: str, path: str, files: Mapping[str, tuple[str, str]]
) -> tuple[dict[str, str], int]:
    """The SHA-256 of each of `files`, and what they take; they are collections and the names of
    their snapshots, by their own new names."""
    live = source.volumes[source.service.name]
    steps.require_volumes(source, live, place)
    job = _job(source, Mount(live, scripts.STORAGE, read_only=True), Mount(place, "/copy"))
    named = [part for file, snapshot in files.items() for part in (*snapshot, file)]
    done = job.run(scripts.COPY, path, *named)
    if not done.ok:
        raise steps.failed(f"{source.service.name} can't be copied.", source, done, "Run again.")
    sums = [line.split()[0] for line in done.stdout.splitlines()[: len(files)]]
    return dict(zip(files, sums, strict=True)), steps.kilobytes(done)


TYPE = QdrantData()
