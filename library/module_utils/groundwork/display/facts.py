"""What was seen of each host while the run went by; the closing summary is made from this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..text import masked_url
from .outcome import Outcome, Status
from .story import reasons, short
from .text import first, mapping, sequence, words


@dataclass
class Service:
    """A service, as the last result that spoke of it left it. Empty text is unknown."""

    kind: str = ""
    version: str = ""
    address: str = ""
    url: str = ""
    image: str = ""
    source: str = ""
    health: str = ""
    chosen: Mapping[str, Any] = field(default_factory=dict)  # the look's entry of its image


@dataclass
class Host:
    """One host. `todo` are the look's reasons by role; `changes` are (stage, what was done)."""

    services: dict[str, Service] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    engine: str = ""
    schema: str = ""
    schema_error: str = ""
    before: str = ""
    after: str = ""
    applied: int = 0
    stack: str = ""
    docs: list[tuple[str, str]] = field(default_factory=list)
    looked: bool = False
    todo: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    changes: list[tuple[str, str]] = field(default_factory=list)
    holder: Mapping[str, Any] = field(default_factory=dict)
    runs: list[Mapping[str, Any]] = field(default_factory=list)
    failure: tuple[str, str] | None = None

    def take(self, module: str, status: Status, result: Mapping[str, Any]) -> None:
        """Learn from a module's result; later results overrule earlier ones."""
        learn = {
            "observe": self._look,
            "service_health": self._health,
            "compose_up": self._up,
            "container_images": self._images,
            "managed_files": self._files,
            "tunnel_files": self._tunnel,
            "run_log": self._log,
        }.get(module)
        if "censored" in result:
            return
        if learn:
            learn(result)
        if module == "alembic_migrate":
            self._schema(status, result)

    def _service(self, name: str) -> Service:
        return self.services.setdefault(name, Service())

    def _look(self, result: Mapping[str, Any]) -> None:
        look = mapping(result.get("look"))
        self.looked = True
        engine = mapping(look.get("engine"))
        self.engine = words(engine.get("state"))
        if self.engine == "ok":
            self.engine = f"Docker {words(engine.get('version'))}"
            if engine.get("compose"):  # not asked where containers and file are at hand
                self.engine += f" Compose {words(engine.get('compose'))}"
        for name, value in mapping(look.get("services")).items():
            seen, service = mapping(value), self._service(name)
            service.kind = words(seen.get("kind"))
            service.version = words(seen.get("version"))
            service.address = words(seen.get("address"))
            service.url = masked_url(words(seen.get("url")))
            service.health = _state(seen)
            service.image = words(seen.get("runs"))
            if seen.get("state") == "external":
                service.source = "external"
            if seen.get("own"):
                service.source = "your own"
        for name, value in mapping(look.get("images")).items():
            service, image = self._service(name), mapping(value)
            service.health = service.health or "missing"
            # What runs is what there is, until something is started
            service.image = service.image or words(image.get("reference"))
            service.chosen = image
            # A look after the images were got finds them here; where they came from tells more
            service.source = service.source or ("present" if service.image else "")
        for files in (mapping(look.get("files")), mapping(look.get("env_files"))):
            self.files.update({words(path): words(state) for path, state in files.items()})
        schema = mapping(look.get("schema"))
        self.schema = words(schema.get("state"))
        self.schema_error = first(schema.get("error"))
        self.before = self.after = _revisions(schema.get("current"))
        plan = mapping(result.get("plan"))
        self.todo = {k: [words(each) for each in sequence(v)] for k, v in plan.items() if v}
        self.problems = [words(mapping(p).get("what")) for p in sequence(result.get("problems"))]
        summary = mapping(result.get("summary"))
        self.stack = words(summary.get("stack"))
        self.docs = [
            (words(each[0]), words(each[1]))
            for each in sequence(summary.get("docs"))
            if len(sequence(each)) == 2
        ]

    def _health(self, result: Mapping[str, Any]) -> None:
        for value in sequence(result.get("services")):
            seen = mapping(value)
            service = self._service(words(seen.get("name")))
            service.kind = words(seen.get("kind")) or service.kind
            service.version = words(seen.get("version")) or service.version
            service.address = words(seen.get("address")) or service.address
            service.health = "healthy" if seen.get("healthy") else "not healthy"
            service.image = words(service.chosen.get("reference")) or service.image

    def _up(self, result: Mapping[str, Any]) -> None:
        """What became of a person's own services, which nobody asks how they are."""
        for name, what in mapping(result.get("services")).items():
            if name in self.services and self.services[name].source == "your own":
                self.services[name].health = "started"
                if words(what) == "removed":
                    del self.services[name]

    def _images(self, result: Mapping[str, Any]) -> None:
        for name, value in mapping(result.get("images")).items():
            image = mapping(value)
            service = self._service(name)
            service.image = words(image.get("used")) or service.image
            service.source = words(image.get("source")) or service.source

    def _files(self, result: Mapping[str, Any]) -> None:
        for value in sequence(result.get("files")):
            if path := words(mapping(value).get("path")):
                self.files[path] = words(mapping(value).get("action"))

    def _tunnel(self, result: Mapping[str, Any]) -> None:
        self._files(result)
        command = words(result.get("tunnel"))
        self.docs = [("tunnel", command)] if command else []

    def _schema(self, status: Status, result: Mapping[str, Any]) -> None:
        if "after" in result:  # one that broke before it asked the database knows no revisions
            self.before = _revisions(result.get("before"))
            self.after = _revisions(result.get("after"))
        self.applied += len(sequence(result.get("applied")))
        # One that is refused says what it found too, so its revisions alone prove nothing
        self.schema, self.schema_error = ("at_head" if status == "ok" else "failed"), ""

    def _log(self, result: Mapping[str, Any]) -> None:
        self.holder = mapping(result.get("holder"))
        self.runs = [mapping(each) for each in sequence(result.get("runs"))]


class Facts:
    """What is known of every host, by its name."""

    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}

    def learn(self, host: str, outcome: Outcome, changes: bool = True) -> None:
        """Take in what a task did; its change is only counted with `changes`. What it found on the
        machine that it was delegated to says nothing of this host."""
        known = self.hosts.setdefault(host, Host())
        if changes and outcome.result.get("changed"):
            what = reasons(outcome) or [short(outcome.task.name)]
            known.changes += [(outcome.task.title, each) for each in what]
        if outcome.host == host:
            known.take(outcome.task.module, outcome.status, outcome.result)

    def stopped(self, host: str, outcome: Outcome) -> None:
        """The run ended for this host with this task."""
        stop = (outcome.task.title, short(outcome.task.name))
        self.hosts.setdefault(host, Host()).failure = stop


def _state(seen: Mapping[str, Any]) -> str:
    state = words(seen.get("state"))
    if seen.get("answers"):
        return "healthy"
    if seen.get("own"):  # a person's own, which nobody asks: as the engine has it
        health = words(seen.get("health"))
        return health if state == "running" and health not in ("", "none") else state
    if state == "external":
        return "does not answer"
    if state == "running":
        health = words(seen.get("health"))
        return health if health not in ("", "none", "healthy") else "does not answer"
    return "not in the inventory" if state == "orphan" else state or "unknown"


def _revisions(value: Any) -> str:
    return ", ".join(words(each) for each in sequence(value)) or (
        value if isinstance(value, str) else ""
    )
