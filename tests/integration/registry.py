"""A container registry of the tests' own on loopback: Debian's docker-registry, unpacked."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from ansible.module_utils.groundwork.docker.cli import Docker

from .stack import ROOT, docker

CACHE = ROOT / ".cache" / "docker-registry"
USER, PASSWORD = "team", "a word"
# bcrypt of PASSWORD, as `htpasswd -B` writes it
HTPASSWD = f"{USER}:$2y$05$abcdefghijklmnopqrstuuY1xlEsk3YIeJ1u/KVlN1Q6KkzsuJHoK\n"


def program() -> str:
    """The registry's program: the machine's own, or out of Debian's package, fetched once."""
    found = shutil.which("docker-registry")
    own = CACHE / "usr/bin/docker-registry"
    if found is None and not own.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        for command in (
            ["apt-get", "download", "docker-registry"],
            ["sh", "-c", "dpkg-deb -x docker-registry_*.deb . && rm docker-registry_*.deb"],
        ):
            done = subprocess.run(command, cwd=CACHE, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, f"{command}: {done.stderr}"
    return found or str(own)


@dataclass
class Registry:
    """A registry that listens on a port of loopback, with or without a login."""

    directory: Path
    port: int
    login: bool = False

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Registry:
        self.directory.mkdir()
        settings = {
            "version": "0.1",
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self.directory / "data")}},
            "http": {"addr": self.host, "secret": "a test's"},
        }
        if self.login:
            path = self.directory / "htpasswd"
            path.write_text(HTPASSWD)
            settings["auth"] = {"htpasswd": {"realm": "tests", "path": str(path)}}
        file = self.directory / "config.yml"
        file.write_text(json.dumps(settings))
        with (self.directory / "log").open("w") as log:
            self._process = subprocess.Popen(
                [program(), "serve", str(file)], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        deadline = time.monotonic() + 20
        while not listening(self.port):
            log_text = (self.directory / "log").read_text()
            assert self._process.poll() is None and time.monotonic() < deadline, log_text
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)

    def push(self, image: str, name: str) -> str:
        """Push an image under a name, which on the engine is afterwards what it was before; returns
        its digest."""
        whole = f"{self.host}/{name}"
        before = Docker().inspect("image", [whole])
        docker("tag", image, whole)
        said = docker("push", whole)
        docker("image", "rm", whole)
        if before:
            docker("tag", before[whole]["Id"], whole)
        match = re.search(r"digest: (sha256:\w+)", said)
        assert match, said
        return match[1]


def listening(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Wire:
    """A way to a registry. After so many bytes of its answers nobody is there; 0: never."""

    def __init__(self, port: int, to: int, cut_after: int = 0) -> None:
        self._to, self._left = to, cut_after or float("inf")
        self.cut = threading.Event()
        self._server = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut.set()
        _close(self._server)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self.cut.is_set():
                near, _ = self._server.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                for ends in ((near, far, False), (far, near, True)):
                    threading.Thread(target=self._copy, args=ends, daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(16384):
                self._left -= len(data) if answers else 0
                if self._left < 0:
                    self.__exit__()
                    break
                target.sendall(data)
        _close(source)
        _close(target)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
