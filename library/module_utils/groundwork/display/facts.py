"""What was seen of each host while the run went by; the closing summary is made from this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..docker import ComposeResult
from ..health import HealthResult
from ..images import ImageChoice, ImagesResult
from ..locking import RunsResult
from ..migrations import MigrationResult, SchemaState
from ..rendered import FilesResult
from ..state import Inspection, ServiceState
from ..text import masked_url
from .outcome import Outcome, Status
from .story import reasons, short
from .text import first

# How a service is, in the summary's words, besides the engine's own
SILENT = "does not answer"
NOT_HEALTHY = "not healthy"
UNWELL = {"exited", "missing", "unhealthy", "dead", SILENT, NOT_HEALTHY}
# Whose a service is, in place of where its image came from
EXTERNAL, CUSTOM = "external", "your own"


@dataclass
class ServiceFacts:
    """A service, as the last result that spoke of it left it. Empty text is unknown."""

    kind: str = ""
    version: str = ""
    address: str = ""
    url: str = ""
    image: str = ""
    source: str = ""
    health: str = ""
    hosts: tuple[str, ...] = ()
    chosen: ImageChoice = field(default_factory=ImageChoice)


@dataclass
class TreeFacts:
    """An Alembic tree's database: its state, the revisions before and after, and how many were
    applied or taken back."""

    state: str = ""
    error: str = ""
    before: str = ""
    after: str = ""
    applied: int = 0


@dataclass
class HostFacts:
    """One host. `todo` are the plan's reasons by role; `changes` are (stage, what was done)."""

    services: dict[str, ServiceFacts] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    engine: str = ""
    trees: dict[str, TreeFacts] = field(default_factory=dict)
    stack: str = ""
    docs: list[tuple[str, str]] = field(default_factory=list)
    inspected: bool = False
    found: Inspection | None = None
    todo: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    changes: list[tuple[str, str]] = field(default_factory=list)
    log: RunsResult = field(default_factory=RunsResult)
    failure: tuple[str, str] | None = None
    error: str = ""

    def take(self, module: str, status: Status, result: Mapping[str, Any]) -> None:
        """Learn from a module's result; later results overrule earlier ones."""
        learn = {
            "stack_info": self._inspect,
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

    def _service(self, name: str) -> ServiceFacts:
        return self.services.setdefault(name, ServiceFacts())

    def _inspect(self, result: Mapping[str, Any]) -> None:
        found = Inspection.from_dict(result)
        state = found.state
        self.inspected, self.found = True, found
        self.engine = state.engine.state
        if self.engine == "ok":
            self.engine = f"Docker {state.engine.version}"
            if state.engine.compose:  # not asked where containers and file are at hand
                self.engine += f" Compose {state.engine.compose}"
        for name, seen in state.services.items():
            service = self._service(name)
            service.kind, service.version = seen.kind, seen.version
            service.address, service.url = seen.address, masked_url(seen.url)
            service.health, service.image = health_of(seen), seen.runs
            service.hosts = seen.hosts
            if seen.state == "external":
                service.source = EXTERNAL
            if seen.custom:
                service.source = CUSTOM
        for name, image in state.images.items():
            service = self._service(name)
            service.health = service.health or "missing"
            # What runs is what there is, until something is started
            service.image = service.image or image.reference
            service.chosen = image
            # An inspection after the images were got finds them here; their source tells more
            service.source = service.source or ("present" if service.image else "")
        self.files.update(state.files)
        self.files.update(state.env_files)
        self.trees = {name: _tree(seen) for name, seen in state.schema.items()}
        self.todo = {step: list(reasons) for step, reasons in found.plan.steps()}
        self.problems = [problem.what for problem in found.problems]
        self.stack = found.summary.stack
        self.docs = [(doc[0], doc[1]) for doc in found.summary.docs]

    def _health(self, result: Mapping[str, Any]) -> None:
        for seen in HealthResult.from_dict(result).services:
            service = self._service(seen.name)
            service.kind = seen.kind or service.kind
            service.version = seen.version or service.version
            service.address = seen.address or service.address
            service.hosts = seen.hosts or service.hosts
            service.health = "healthy" if seen.healthy else NOT_HEALTHY
            service.image = service.chosen.reference or service.image

    def _up(self, result: Mapping[str, Any]) -> None:
        """What became of a person's own services, which nobody asks how they are."""
        for name, what in ComposeResult.from_dict(result).services.items():
            if name in self.services and self.services[name].source == CUSTOM:
                self.services[name].health = "started"
                if what == "removed":
                    del self.services[name]

    def _images(self, result: Mapping[str, Any]) -> None:
        for name, image in ImagesResult.from_dict(result).images.items():
            service = self._service(name)
            service.image = image.used or service.image
            service.source = image.source or service.source

    def _files(self, result: Mapping[str, Any]) -> None:
        self.files.update({file.path: file.action for file in FilesResult.from_dict(result).files})

    def _tunnel(self, result: Mapping[str, Any]) -> None:
        self._files(result)
        command = FilesResult.from_dict(result).tunnel
        self.docs = [("tunnel", command)] if command else []

    def _schema(self, status: Status, result: Mapping[str, Any]) -> None:
        found = MigrationResult.from_dict(result)
        tree = self.trees.setdefault(found.tree, TreeFacts())
        if "after" in result:  # one that broke before it asked the database knows no revisions
            tree.before, tree.after = ", ".join(found.before), ", ".join(found.after)
        tree.applied += len(found.applied or found.pending)
        # One that is refused says what it found too, so its revisions alone prove nothing
        tree.state, tree.error = ("at_head" if status == "ok" else "failed"), ""

    def _log(self, result: Mapping[str, Any]) -> None:
        self.log = RunsResult.from_dict(result)


class RunFacts:
    """What is known of every host, by its name."""

    def __init__(self) -> None:
        self.hosts: dict[str, HostFacts] = {}

    def learn(self, host: str, outcome: Outcome, changes: bool = True) -> None:
        """Take in what a task did; its change is only counted with `changes`. What it found on the
        machine that it was delegated to says nothing of this host."""
        known = self.hosts.setdefault(host, HostFacts())
        if changes and outcome.result.get("changed"):
            what = reasons(outcome) or [short(outcome.task.name)]
            known.changes += [(outcome.task.title, each) for each in what]
        if outcome.host == host:
            known.take(outcome.task.module, outcome.status, outcome.result)

    def stopped(self, host: str, outcome: Outcome) -> None:
        """The run ended for this host with this task."""
        stop = (outcome.task.title, short(outcome.task.name))
        known = self.hosts.setdefault(host, HostFacts())
        known.failure = stop
        if not known.inspected or outcome.task.module != "fail":  # else a status that isn't well
            known.error = str(outcome.result.get("msg") or ": ".join(stop)).strip()


def _tree(seen: SchemaState) -> TreeFacts:
    current = ", ".join(seen.current)
    return TreeFacts(seen.state, first(seen.error), current, current)


def health_of(seen: ServiceState) -> str:
    """How a service is, in a word or a few."""
    if seen.answers:
        return "healthy"
    if seen.custom:  # a person's own, which nobody asks: as the engine has it
        told = seen.health if seen.health not in ("", "none", "unknown") else ""
        return told if seen.state == "running" and told else seen.state
    if seen.state == "external":
        return SILENT
    if seen.state == "running":
        silent = seen.health in ("", "none", "unknown", "healthy")
        return SILENT if silent else seen.health
    return "not in the inventory" if seen.state == "orphan" else seen.state
