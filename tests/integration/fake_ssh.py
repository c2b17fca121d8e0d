"""Stands for ssh where no sshd is at hand: the machine is this one, a forwarded port is a real one.

What the options say of keys and hosts is left out; molecule/staging has a real sshd.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading

VALUED = set("bBcDeEFiIJlLmopOQRSwW")


def parse(words: list[str]) -> tuple[str, str]:
    """The forwarding that is asked for, and the command."""
    forward, index = "", 0
    while index < len(words) and words[index].startswith("-"):
        if words[index][1] in VALUED and len(words[index]) == 2:
            forward = words[index + 1] if words[index] == "-L" else forward
            index += 1
        index += 1
    return forward, " ".join(words[index + 1 :])


def pump(source: socket.socket, target: socket.socket) -> None:
    """Copy until one of them ends."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for each in (source, target):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def serve(forward: str) -> None:
    """Listen as `-L 127.0.0.1:PORT:HOST:PORT` says."""
    address, port, host, there = forward.split(":")
    listener = socket.create_server((address, int(port)))

    def accept() -> None:
        while True:
            near, _ = listener.accept()
            far = socket.create_connection((host, int(there)))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def main() -> None:
    """Forward, and run the command here."""
    forward, command = parse(sys.argv[1:])
    with open(os.environ["FAKE_SSH_LOG"], "a", encoding="utf-8") as log:  # noqa: PTH123
        log.write(f"{os.getpid()} {' '.join(sys.argv[1:])}\n" if forward else "")
    if forward:
        serve(forward)
    sys.exit(subprocess.run(["sh", "-c", command], check=False).returncode)


if __name__ == "__main__":
    main()
