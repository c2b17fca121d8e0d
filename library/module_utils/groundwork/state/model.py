"""What was found on one host, what a run would do, and what is in its way: typed values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields

from ..docker import Engine, StackOwner
from ..env import Image
from ..errors import Problem
from ..host import BackupState, ObjectsState
from ..images import ImageChoice
from ..migrations import SchemaState
from ..records import Record
from ..services import Connections, Service, endpoint, secrets_of, service_type


@dataclass(frozen=True)
class ServiceState(Record):
    """A service as it runs. What nobody knows is `unknown`, or empty.

    `state` is the container's, or missing (none yet), orphan (not in the inventory any more),
    external. `config` is in_sync, changed, moved (made from another directory) or unknown: the
    container against the Compose file; `image` is in_sync, changed or unknown, `runs` its name.
    `answers`, `version`, `error` and `code`: what it said in its own protocol. `custom`: it is a
    person's, from the override file. `leftover`: external, but its container is still here.
    `settings`: the names of those that its container has in another way than the inventory.
    `hosts`: how each is, in words, of an external one that has several. `not_live`: by the live
    volume's name, the one that its container has in that place.
    """

    kind: str = ""
    address: str = ""
    url: str = ""
    state: str = "unknown"
    health: str = "unknown"
    config: str = "unknown"
    image: str = "unknown"
    answers: bool = False
    version: str = ""
    error: str = ""
    code: str = ""
    runs: str = ""
    settings: tuple[str, ...] = ()
    custom: bool = False
    exit_code: int = 0
    leftover: bool = False
    hosts: tuple[str, ...] = ()
    not_live: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def unknown(cls, service: Service) -> ServiceState:
        """One that nothing is known of; its URL without the secret."""
        kind, here = service_type(service), endpoint(service, "host")
        hidden = {secret.variable: "SECRET" for secret in secrets_of(service)}
        url = kind.url(service, here, hidden).replace("SECRET", "***")
        return cls(kind.name, str(here), url)


@dataclass(frozen=True)
class VolumeState(Record):
    """What made a volume; `data_version` is what the data say, where no label does."""

    storage_format: str = ""
    data_version: str = ""


@dataclass(frozen=True)
class PortTaken(Record):
    """A port of a service that somebody else holds; `option` is where the inventory names it."""

    service: str
    option: str
    port: int
    holder: str


@dataclass(frozen=True)
class State(Record):
    """One host. `files` and `env_files` map a path to in_sync, changed, missing or unknown.

    `owner`: the stack is another directory's, and nothing else of it is told. `new_passwords` are
    the secrets' variables whose change an interrupted run began, `other_passwords` the secrets of
    which the inventory gives another than infra/.env has. `objects`: what each PostgreSQL holds.
    `schema`: by tree, of which one alone may have no name. `left_data`: volumes of services that
    don't run here any more. `firewall`, `monitoring`, `backup`: why it has to be set
    up anew. `backups`: how they are, where some are to be made.
    """

    engine: Engine
    engine_settings: tuple[str, ...] = ()
    images: Mapping[str, ImageChoice] = field(default_factory=dict)
    volumes: Mapping[str, VolumeState] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    env_files: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, ServiceState] = field(default_factory=dict)
    new_passwords: tuple[str, ...] = ()
    other_passwords: tuple[str, ...] = ()
    objects: Mapping[str, ObjectsState] = field(default_factory=dict)
    schema: Mapping[str, SchemaState] = field(default_factory=dict)
    firewall: tuple[str, ...] = ()
    monitoring: tuple[str, ...] = ()
    backup: tuple[str, ...] = ()
    backups: BackupState | None = None
    owner: StackOwner | None = None
    left_data: Mapping[str, str] = field(default_factory=dict)
    ports_taken: tuple[PortTaken, ...] = ()
    foreign_compose_file: str = ""


@dataclass(frozen=True)
class Plan(Record):
    """The reasons to act, plain sentences, by step; no reasons, nothing to do."""

    docker: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    firewall: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    schema: tuple[str, ...] = ()
    monitoring: tuple[str, ...] = ()
    backup: tuple[str, ...] = ()

    def steps(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each step that has reasons, with them."""
        for each in fields(self):
            if reasons := getattr(self, each.name):
                yield each.name, reasons

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return any(True for _ in self.steps())


@dataclass(frozen=True)
class Summary(Record):
    """What the closing summary needs besides: `docs` are pairs of a label and a text."""

    stack: str = ""
    docs: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class VolumeUse(Record):
    """A volume's bytes, as exact as the engine says them (four digits), and whose it is.

    `live`: no other volume of its store counts in its place.
    """

    service: str = ""
    size: int = 0
    live: bool = True


@dataclass(frozen=True)
class Usage(Record):
    """`volumes` by name, `connections` by service: what nobody could tell is left out.

    `free`: the bytes free where the volumes are; None where nobody can say.
    """

    volumes: Mapping[str, VolumeUse] = field(default_factory=dict)
    connections: Mapping[str, Connections] = field(default_factory=dict)
    free: int | None = None


@dataclass(frozen=True)
class Inspection(Record):
    """The result of the module: what is there, what a run would do, and what is in its way.

    `usage` where it was asked for.
    """

    state: State
    plan: Plan = field(default_factory=Plan)
    problems: tuple[Problem, ...] = ()
    summary: Summary = field(default_factory=Summary)
    images: Mapping[str, Image] = field(default_factory=dict)
    kept_images: tuple[str, ...] = ()
    usage: Usage | None = None
