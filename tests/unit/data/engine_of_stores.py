"""An engine for the tests of the stores' data: what it is asked is noted, jobs end as told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.groundwork.data.model import Source
from ansible.module_utils.groundwork.docker import CommandResult, Docker
from ansible.module_utils.groundwork.services import Service


def done(code: int = 0, stdout: str = "", stderr: str = "") -> CommandResult:
    return CommandResult(code, stdout, stderr)


@dataclass(frozen=True)
class Engine(Docker):
    """`jobs` are the ends of its jobs in their order; `inside` answers `docker exec`. `ends` are
    those of scripts in a container that waits, by a text that is in them; all others succeed."""

    volumes: tuple[str, ...] = ("live", "kept", "new")
    jobs: list[CommandResult] = field(default_factory=list)
    ends: dict[str, CommandResult] | None = None
    inside: Callable[[tuple[str, ...], str], str] = lambda words, stdin: ""
    exec_code: int = 0
    user: str = ""
    notes: str = ""  # of a killed run: name|text
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, *args: str, **options: Any) -> CommandResult:
        self.asked.append(args)
        if args[0] == "run" and "--detach" not in args:
            return self.jobs.pop(0)
        if args[0] == "exec" and "-euc" in args:  # a script of a container that waits for some
            return (
                self.jobs.pop(0) if self.ends is None else self._end(args[args.index("-euc") + 1])
            )
        if args[0] == "exec":
            return done(self.exec_code, stdout=self.inside(args, options.get("stdin") or ""))
        if args[:2] == ("volume", "create"):
            return done(stdout="a note\n")
        if args[:2] == ("volume", "ls"):
            return done(stdout=self.notes)
        return done(stderr="the log's last line") if args[0] == "logs" else done()

    def _end(self, script: str) -> CommandResult:
        return next((end for text, end in (self.ends or {}).items() if text in script), done())

    def inspect(self, kind: str, names: Any) -> dict[str, dict[str, Any]]:
        if kind == "volume":
            return {name: {} for name in names if name in self.volumes}
        config = {"User": self.user, "WorkingDir": "/qdrant", "Cmd": ["./entrypoint.sh"]}
        return {name: {"Config": config} for name in names if kind == "image"}

    def begun(self) -> list[str]:
        return [" ".join(each) for each in self.asked if each[0] == "run"]

    def nothing_left(self) -> bool:
        servers = {e[e.index("--name") + 1] for e in self.asked if "--detach" in e}
        return servers <= {each[-1] for each in self.asked if each[0] == "rm"}


def store(engine: Engine, kind: str, port: int = 1, **change: Any) -> Source:
    """A running service of a kind, its secret `secret`."""
    settings = change.pop("settings", {})
    service = Service(
        kind,
        kind,
        f"{kind}:7",
        port,
        "127.0.0.1",
        f"{kind.upper()}_URL",
        options={"user": ""},
        limits={"memory": "1g"},
        settings=settings,
    )
    secrets = {"REDIS_PASSWORD": "secret", "QDRANT_API_KEY": "secret"}
    given: dict[str, Any] = {"container": "running", "secrets": secrets} | change
    return Source(engine, "shop", service, "image", "qdrant-edge", {kind: "live"}, **given)
