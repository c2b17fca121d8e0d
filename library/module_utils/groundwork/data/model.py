"""What a copy of a stack's data is, and what a service type has to bring for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..docker import Docker
from ..records import Record
from ..services import Service

FORMAT = 1


@dataclass(frozen=True)
class Checkpoint(Record):
    """One service's part of a copy, in a directory of its name.

    `storage_format` of the volume that it came from, `version` of the server; `image` what it ran
    in. `files`: SHA-256 by path below the service's directory, of those that nothing else of theirs
    protects. `details` is what its type needs to put it back (aliases), `facts` what a comparison
    needs; `bytes` what it takes.
    """

    kind: str = ""
    image: str = ""
    storage_format: str = ""
    version: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    bytes: int = 0


@dataclass(frozen=True)
class Manifest(Record):
    """What a copy holds; written last, so a copy without one isn't whole.

    `created` is ISO 8601 in UTC; `reason` why it was made, where no person asked for it.
    """

    format: int = 0
    stack: str = ""
    name: str = ""
    created: str = ""
    reason: str = ""
    services: Mapping[str, Checkpoint] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """A service of a stack, and how to work on its data.

    `container` is the id of its own, `""` where none runs; `image` the reference that it runs in
    (or will); `volumes` its stores' live volumes by store (`postgres`, `mail.conf`);
    `storage_format` what the data are. `secrets` are values by variable. `helper` is an image that
    is here and has a shell, for a service whose own may have none; `""` where the stack has none.
    `former`: its container has other volumes than the live ones (see `sources.require_live`).
    """

    docker: Docker
    stack: str
    service: Service
    image: str
    storage_format: str
    volumes: Mapping[str, str]
    container: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    helper: str = ""
    former: bool = False


def _nothing() -> None:
    pass


def _now(tidy: Callable[[], None]) -> None:
    tidy()


@dataclass(frozen=True)
class Turn:
    """When a copy's moment may come. `wait` returns when it may, and raises what kept the others
    from being copied; `over` is told that it has passed, while files are yet to be copied. `later`
    takes what may be done after the copy is complete, which is to tidy up."""

    wait: Callable[[], None] = _nothing
    over: Callable[[], None] = _nothing
    later: Callable[[Callable[[], None]], object] = _now


AT_ONCE = Turn()  # of whoever has nobody to wait for


class DataType(Protocol):
    """What a service type knows of its data. Everything raises GroundworkError.

    A copy is a directory, in a volume or on the machine: `place` is what to mount (a volume's name
    or an absolute path) and `path` the service's directory below it, which is there, empty, and
    anybody's to write to (0777, inside a place that is root's alone).
    """

    def bytes_needed(self, source: Source) -> int:
        """About what a checkpoint takes, in bytes."""
        ...

    def checkpoint(self, source: Source, place: str, path: str, turn: Turn = AT_ONCE) -> Checkpoint:
        """Copy the running service's data, consistent in itself; nobody notices.

        The copy is of a moment between `turn.wait` and `turn.over`. Its files may not be on the
        disk yet: that is for whoever asked for it.
        """
        ...

    def fill(
        self, source: Source, saved: Checkpoint, place: str, path: str, volumes: Mapping[str, str]
    ) -> None:
        """Fill new, empty volumes (by store) from a checkpoint, and prove it.

        A throw-away server starts on them, has what the checkpoint says, takes today's passwords
        (`source.secrets`) and ends in order. The service itself isn't touched.
        """
        ...
