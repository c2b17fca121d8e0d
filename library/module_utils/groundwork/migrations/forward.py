"""A port of this computer that leads to a machine's database, through SSH, for one migration.

The session has a command on the machine that waits for its input to end: it ends with this process,
however that ends, and the port with it. So it is a session of its own, never one that Ansible keeps
open for later (ControlPersist): a port that such a one forwards stays as long as that does.
"""

from __future__ import annotations

import selectors
import shlex
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ..errors import GroundworkError

_READY = b"groundwork: forwarded"
_PATIENCE = 30.0  # seconds for a login
_OWN = (
    *("ControlMaster=no", "ControlPath=none", "ExitOnForwardFailure=yes", "BatchMode=yes"),
    *("ServerAliveInterval=15", "ConnectTimeout=15"),
)


@dataclass(frozen=True)
class Ssh:
    """How a machine is reached, as the inventory has it; `arguments` are further ones of ssh."""

    host: str
    user: str = ""
    port: int | None = None
    key: str = ""
    arguments: tuple[str, ...] = ()
    program: str = "ssh"
    check_host_key: bool = True

    def command(self, local: int, host: str, port: int) -> list[str]:
        """The command that forwards `local` to an address as the machine sees it."""
        # ssh takes the first value of an option that it is given
        settings = list(_OWN) + ([] if self.check_host_key else ["StrictHostKeyChecking=no"])
        command = [self.program, *(part for each in settings for part in ("-o", each))]
        command += self.arguments
        command += ["-p", str(self.port)] if self.port else []
        command += ["-l", self.user] if self.user else []
        command += ["-i", self.key] if self.key else []
        there = f"[{host}]" if ":" in host else host
        command += ["-T", "-L", f"127.0.0.1:{local}:{there}:{port}", self.host]
        return [*command, f"echo {shlex.quote(_READY.decode())}; exec cat >/dev/null"]


@contextmanager
def forwarded(ssh: Ssh, host: str, port: int) -> Iterator[int]:
    """A port on 127.0.0.1 that leads to `host:port` of the machine; closed with the block.

    Raises GroundworkError where the machine can't be reached so.
    """
    local = _free_port()
    with tempfile.TemporaryFile("a+b") as log:
        try:
            process = subprocess.Popen(
                ssh.command(local, host, port),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for who started us; this one ends with us
            )
        except OSError as error:
            raise _failed(ssh, [f"{ssh.program}: {error.strerror}"]) from None
        try:
            if not _ready(process):
                log.seek(0)
                lines = log.read().decode("utf-8", "replace").splitlines()
                raise _failed(ssh, [line for line in lines if line.strip()][-5:])
            yield local
        finally:
            assert process.stdin
            with suppress(OSError):
                process.stdin.close()
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert process.stdout
            process.stdout.close()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _ready(process: subprocess.Popen[bytes]) -> bool:
    """Whether the machine has said its word, and not ended or kept silent."""
    assert process.stdout
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(_PATIENCE):
            line = process.stdout.readline()  # a login may greet before
            if _READY in line:
                return True
            if not line:
                return False
    return False


def _failed(ssh: Ssh, lines: list[str]) -> GroundworkError:
    return GroundworkError(
        "No port could be forwarded to the machine for its migration (run_on: controller).",
        where=f"{ssh.user}@{ssh.host}" if ssh.user else ssh.host,
        details=lines,
        next_step="See that `ssh` logs in there by key or agent, without asking for anything, and "
        "that its sshd allows forwarding (AllowTcpForwarding). Nothing was changed.",
    )
