"""Volumes for copies, and servers on them, of the tests of a stack's data."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.docker.jobs import LABEL

from .stack import docker


@dataclass
class Volumes:
    """Volumes of one stack's tests, by short names; all of them go at the end."""

    stack: str
    image: str

    def new(self, name: str) -> str:
        """A new, empty one."""
        return docker("volume", "create", "--label", f"test={self.stack}", self.named(name)).strip()

    def copies(self, name: str, *services: str) -> str:
        """One for copies, as whoever asks for a checkpoint prepares it."""
        made = self.new(name)
        self.run(made, 'chmod 0700 .; for each; do mkdir -m 0777 "$each"; done', *services)
        return made

    @contextmanager
    def small(self, name: str, megabytes: int, *services: str) -> Iterator[str]:
        """One for copies on a disk (in memory) of that size; it is empty when it isn't in use."""
        options = ("--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", f"o=size={megabytes}m")
        label = ("--label", f"test={self.stack}")
        made = docker("volume", "create", *label, *options, self.named(name)).strip()
        command = ["run", "-d", "-v", f"{made}:/volume", "--entrypoint", "sleep", self.image, "600"]
        user = docker(*command).strip()
        try:
            self.run(made, 'chmod 0700 .; for each; do mkdir -m 0777 "$each"; done', *services)
            yield made
        finally:
            docker("rm", "--force", "--volumes", user)

    def run(self, volume: str, script: str, *arguments: str) -> str:
        """Run a script in one, as root."""
        command = ["run", "--rm", "-v", f"{volume}:/volume", "-w", "/volume", "--entrypoint", "sh"]
        return docker(*command, self.image, "-euc", script, "sh", *arguments)

    def remove(self) -> None:
        found = docker("volume", "ls", "-q", "--filter", f"label=test={self.stack}").split()
        if found:
            docker("volume", "rm", "--force", *found)

    def named(self, name: str) -> str:
        return f"{self.stack}_{name}"


def jobs(stack: str) -> list[str]:
    """The throw-away containers that are there."""
    return docker("ps", "-aq", "--filter", f"label={LABEL}={stack}").split()


@dataclass(frozen=True)
class Server:
    """A PostgreSQL in a container of that name."""

    name: str

    def sql(self, text: str, user: str = "postgres", database: str = "app") -> str:
        command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-U", user, "-d", database]
        return docker("exec", self.name, *command, "-c", text).strip()

    def lets_in(self, user: str, password: str, database: str = "app") -> bool:
        """Whether it does over TCP, with that password; its cluster has to ask for one."""
        login = ["--env", f"PGPASSWORD={password}", self.name, "psql", "-h", "127.0.0.1", "-w"]
        asked = Docker().run("exec", *login, "-U", user, "-d", database, "-Atc", "SELECT 1")
        assert asked.ok or "password authentication failed" in asked.stderr, asked.stderr
        return asked.ok


@contextmanager
def served(
    image: str, volume: str, name: str, *command: str, variables: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """The image's own server on a volume, without a network."""
    given = [f"--env={key}={value}" for key, value in (variables or {}).items()]
    mount = f"{volume}:/var/lib/postgresql/data"
    options = ["--detach", "--name", name, "--network", "none", "-v", mount, *given]
    docker("run", *options, image, *command)
    try:
        deadline = time.monotonic() + 60
        while not Docker().run("exec", name, "pg_isready", "-q", "-h", "127.0.0.1").ok:
            assert time.monotonic() < deadline, docker("logs", name)
            time.sleep(0.1)
        yield Server(name)
    finally:
        docker("rm", "--force", "--volumes", name)
