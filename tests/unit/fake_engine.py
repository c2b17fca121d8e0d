"""A docker client that answers from a script, and remembers what it was asked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.groundwork.docker.cli import CommandResult, Docker

PROJECT = "com.docker.compose.project"


def container(name: str, project: str = "", **more: Any) -> dict[str, Any]:
    """An inspected container. `directory`, `service`, `mounts` (volume to writable), `state`."""
    labels = {PROJECT: project} if project else {}
    labels |= (
        {"com.docker.compose.project.working_dir": more["directory"]} if "directory" in more else {}
    )
    labels |= {"com.docker.compose.service": more["service"]} if "service" in more else {}
    mounts = [{"Name": volume, "RW": rw} for volume, rw in more.get("mounts", {}).items()]
    return {
        "Id": f"id-{name}",
        "Name": f"/{name}",
        "Created": "2026-01-01T00:00:00Z",
        "Config": {"Labels": labels | more.get("labels", {})},
        "State": {
            "Status": more.get("state", "running"),
            "ExitCode": more.get("exit_code", 0),
            "StartedAt": "2026-01-01T00:00:01Z",
        },
        "Mounts": mounts,
    }


@dataclass(frozen=True)
class FakeEngine(Docker):
    """An engine with these containers and volumes (name to labels); both can change."""

    cli: str = "fake-docker"  # so that nobody looks for the programs of this machine's client
    containers: list[dict[str, Any]] = field(default_factory=list)
    volumes: dict[str, dict[str, str]] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)  # volumes that jobs work in
    asked: list[tuple[str, ...]] = field(default_factory=list)
    environments: list[Mapping[str, str]] = field(default_factory=list)

    def run(self, *args: str, **options: Any) -> CommandResult:
        self.asked.append(args)
        self.environments.append(self.env or {})
        match args:
            case ("version", *_):
                server = {"Version": "26.1.5", "ApiVersion": "1.45"}
                return CommandResult(0, json.dumps({"Server": server}), "")
            case ("compose", "version", *_):
                return CommandResult(0, "2.26.1", "")
            case ("info", *_):
                return CommandResult(0, "/", "")
            case ("image", "inspect", *_):
                return CommandResult(1, "[]", "no such image")
            case ("ps", *_) if "--format" in args:
                return CommandResult(0, "\n".join(map(_row, self.containers)), "")
            case ("ps", *_):
                asked = {word.rpartition("label=")[2] for word in args if "label=" in word}
                ids = [c["Id"] for c in self.containers if asked <= set(_labels(c))]
                return CommandResult(0, "\n".join(ids), "")
            case ("container", "inspect", *ids):
                known = {c["Id"]: c for c in self.containers}
                return CommandResult(0, json.dumps([known[each] for each in ids]), "")
            case ("volume", "ls", "-q", *_):
                return CommandResult(0, "\n".join(self.places), "")
            case ("volume", "ls", *_):
                rows = [volume_row(*item, args[-1]) for item in self.volumes.items()]
                return CommandResult(0, "\n".join(rows), "")
            case ("volume", "inspect", name):
                if name not in self.volumes:
                    return CommandResult(1, "[]", f"no such volume: {name}")
                entry = {"Name": name, "Labels": self.volumes[name]}
                return CommandResult(0, json.dumps([entry]), "")
            case ("volume", "create", *labels, name):
                pairs = dict(each.split("=", 1) for each in labels if each != "--label")
                self.volumes.setdefault(name, pairs)
            case ("volume", "rm", *names):
                for name in names:
                    self.volumes.pop(name, None)
        return CommandResult(0, "", "")

    def did(self, *start: str) -> bool:
        """Whether it was asked something that begins so."""
        return any(args[: len(start)] == start for args in self.asked)


def _labels(found: Mapping[str, Any]) -> list[str]:
    return [f"{name}={value}" for name, value in found["Config"]["Labels"].items()]


def _row(found: Mapping[str, Any]) -> str:
    mounts = ",".join(mount["Name"] for mount in found["Mounts"])
    return json.dumps([found["Id"], mounts, found["Config"]["Labels"].get(PROJECT, "")])


def volume_row(name: str, labels: Mapping[str, str], form: str) -> str:
    """A line of `docker volume ls --format FORM`."""
    return json.dumps([name, *(labels.get(key, "") for key in re.findall('Label "([^"]+)"', form))])
