"""The docker command line, run and read.

The command line and not the SDK: it follows a person's own context (Docker Desktop, colima,
rootless, DOCKER_HOST), and costs 11 ms where importing the SDK costs 195.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import GroundworkError


@dataclass(frozen=True)
class CommandResult:
    """What a command left: exit code, standard output, standard error."""

    code: int
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.code == 0

    @property
    def error(self) -> str:
        """Its error output in one line, for a sentence."""
        return " ".join((self.stderr.strip() or self.stdout.strip()).split())


@dataclass(frozen=True)
class Docker:
    """A way to the engine. `env` replaces the process's own environment when set."""

    cli: str = "docker"
    env: Mapping[str, str] | None = None

    def run(
        self, *args: str, stdin: str | None = None, timeout: float = 60, cwd: str | None = None
    ) -> CommandResult:
        """Run `docker ARGS`. Never raises for a failure: code 127 is no client, 124 a time-out."""
        try:
            done = subprocess.run(
                [self.cli, *args],
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout,
                check=False,
                cwd=cwd,
                env=dict(self.env) if self.env is not None else None,
            )
        except (FileNotFoundError, PermissionError) as error:
            return CommandResult(127, "", f"{self.cli}: {error.strerror}")
        except subprocess.TimeoutExpired:
            return CommandResult(124, "", f"`docker {args[0]}` gave no answer within {timeout:g} s")
        return CommandResult(done.returncode, done.stdout, done.stderr)

    def inspect(self, kind: str, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """`docker TYPE inspect NAMES`, by asked name; what doesn't exist is left out.

        `kind` is image, container, volume or network. Raises GroundworkError where the engine
        doesn't answer.
        """
        if not names:
            return {}
        result = self.run(kind, "inspect", *names)
        if result.ok:
            return dict(zip(names, json.loads(result.stdout), strict=True))
        if "no such" not in result.stderr.lower():
            raise GroundworkError(
                f"The Docker engine can't be asked for the {kind}s: {result.error}",
                next_step="See that `docker info` works for the user who runs this.",
            )
        if len(names) == 1:
            return {}
        # Some are missing, and each kind words that in its own way; those found know their names.
        objects = json.loads(result.stdout or "[]")
        known = {name: item for name in names for item in objects if name in _names(item)}
        if len(known) == len(objects):
            return known
        found: dict[str, dict[str, Any]] = {}
        for name in names:
            found |= self.inspect(kind, [name])
        return found


def _names(inspected: Mapping[str, Any]) -> set[str]:
    """By which names an inspected object may have been asked for, the usual ones."""
    several = (inspected.get(key) or [] for key in ("RepoTags", "RepoDigests"))
    name = str(inspected.get("Name", "")).removeprefix("/")
    return {name, str(inspected.get("Id", "")), *(each for listed in several for each in listed)}
