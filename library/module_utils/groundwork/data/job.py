"""Throw-away containers that work on a stack's volumes.

A client that is killed stops none: each has a label, and who begins next (with the deploy lock)
clears what is left.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from ..docker import CommandResult, Docker, jobs
from ..errors import GroundworkError

_LIMIT = 6 * 3600.0  # seconds; a copy takes as long as the disk does
_PATIENCE = 20.0  # seconds; see `jobs.finished`
# To read and copy files of every owner, keeping owners and modes
FILE_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER")
_IDLE = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait; done"


@dataclass(frozen=True)
class Mount:
    """A volume by its name, or a directory by its absolute path, at `target` inside.

    Without a `source` it is a new volume that goes when the container goes.
    """

    source: str
    target: str
    read_only: bool = False

    @property
    def argument(self) -> str:
        """As `--mount` takes it."""
        parts = [
            f"type={'bind' if self.source.startswith('/') else 'volume'}",
            *([f"source={self.source}"] if self.source else []),
            f"target={self.target}",
            *(["readonly"] if self.read_only else []),
        ]
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(parts)
        return line.getvalue()


@dataclass(frozen=True)
class Worker:
    """A container that waits for scripts; its name is `container`."""

    docker: Docker
    container: str

    def __call__(
        self,
        script: str,
        *arguments: str,
        user: str = "",
        stdin: str | None = None,
        timeout: float = _LIMIT,
    ) -> CommandResult:
        """Run one to its end, as `Job.run` does; `user` where it isn't the container's own."""
        options = [
            *([] if stdin is None else ["--interactive"]),
            *(["--user", user] if user else []),
        ]
        command = ("sh", "-euc", script, "sh", *arguments)
        return self.docker.run(
            "exec", *options, self.container, *command, stdin=stdin, timeout=timeout
        )


@dataclass(frozen=True)
class Job:
    """How one of a stack's containers works: on `mounts`, without a network and a writable root.

    `pid`: the container whose processes it sees, `""` for none; it reaches their sockets by
    `/proc/1/root`. `memory` bounds it (`1g`). It begins in `directory`, also where its user may not
    go through those above. `environment` holds nothing secret: `docker inspect`
    shows it. `stopped`: the container that has to be started again where a run ends meanwhile.
    """

    docker: Docker
    stack: str
    image: str
    mounts: tuple[Mount, ...] = ()
    user: str = "0"
    capabilities: tuple[str, ...] = ()
    pid: str = ""
    network: str = "none"
    memory: str = ""
    directory: str = "/"
    tmpfs: tuple[str, ...] = ("/tmp:size=64m,mode=1777",)  # noqa: S108
    environment: Mapping[str, str] = field(default_factory=dict)
    stopped: str = ""

    def run(
        self, script: str, *arguments: str, stdin: str | None = None, timeout: float = _LIMIT
    ) -> CommandResult:
        """Run a shell script to its end; what it printed. Secrets go in by `stdin` alone."""
        interactive = [] if stdin is None else ["--interactive"]
        name, ended = self._name("work"), False
        try:
            done = self.docker.run(
                *("run", "--rm", "--log-driver", "none", *interactive, *self._options(name)),
                *("--entrypoint", "sh", self.image, "-euc", script, "sh", *arguments),
                stdin=stdin,
                timeout=timeout,
            )
            ended = done.ok
            return done
        finally:
            if not ended:  # an interruption ends the client alone
                self._remove(name)

    @contextmanager
    def waiting(
        self, later: Callable[[Callable[[], None]], object] | None = None
    ) -> Iterator[Worker]:
        """One that is there meanwhile, for scripts as `run` has them.

        `later` takes what removes it, and has to do that. Raises GroundworkError where it can't be
        started.
        """
        container = self._name("work")
        # Beside others' processes no child may outlive its parent: it would become their first
        # process's, and a postmaster that has a child killed restarts all of its server
        idle = "exec sleep 2147483647" if self.pid else _IDLE
        try:
            self._start(container, "--log-driver", "none", "--entrypoint", "sh", words=("-c", idle))
            yield Worker(self.docker, container)
        finally:
            remove = partial(self._remove, container)
            later(remove) if later else remove()

    @contextmanager
    def started(self, *command: str) -> Iterator[str]:
        """A server that runs meanwhile: the container's name. Afterwards it is stopped and removed.

        Raises GroundworkError where it can't be started.
        """
        container = self._name("server")
        try:
            self._start(container, words=command)
            yield container
            self.docker.run("stop", "--time", "120", container, timeout=150)
        finally:
            self.docker.run("rm", "--force", "--volumes", container)

    def _start(self, container: str, *options: str, words: Sequence[str]) -> None:
        done = self.docker.run(
            "run", "--detach", *self._options(container), *options, self.image, *words
        )
        if not done.ok:
            raise GroundworkError(
                f"A throw-away container of {self.image} can't be started: {done.error}",
                next_step="Fix what it says, then run again. Nothing was changed.",
            )

    def _remove(self, container: str) -> None:
        # One that can't be ended without harm is cleared by the next run
        if not self.pid or jobs.finished(self.docker, container, _PATIENCE):
            self.docker.run("rm", "--force", "--volumes", container)

    def _options(self, name: str) -> Iterator[str]:
        yield from ("--name", name, "--label", f"{jobs.LABEL}={self.stack}", "--pull", "never")
        yield from ("--network", self.network, "--read-only", "--user", self.user)
        yield from ("--workdir", self.directory)
        yield from ("--security-opt", "no-new-privileges", "--cap-drop", "ALL")
        yield from _each("--cap-add", self.capabilities)
        yield from _each("--tmpfs", self.tmpfs)
        yield from _each("--mount", (mount.argument for mount in self.mounts))
        yield from _each("--env", (f"{key}={value}" for key, value in self.environment.items()))
        if self.stopped:
            yield from ("--label", f"{jobs.STOPPED}={self.stopped}")
        if self.pid:
            yield from ("--pid", f"container:{self.pid}")
        if self.memory:
            yield from ("--memory", self.memory)

    def _name(self, what: str) -> str:
        return f"{self.stack}-{what}-{os.getpid()}-{os.urandom(3).hex()}"


def _each(option: str, values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield from (option, value)
