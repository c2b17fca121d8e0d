"""Which TCP ports of an address take a connection: `scan.py ADDRESS [FIRST-LAST]`, as JSON."""

from __future__ import annotations

import errno
import json
import selectors
import socket
import sys
import time

BATCH = 4000  # connections under way at once
WAIT = 1.0  # seconds for an answer


def scan(address: str, ports: range) -> list[int]:
    """The open ones of `ports`."""
    found: list[int] = []
    for start in range(ports.start, ports.stop, BATCH):
        with selectors.DefaultSelector() as selector:
            for port in ports[start - ports.start : start - ports.start + BATCH]:
                probe = socket.socket()
                probe.setblocking(False)
                if probe.connect_ex((address, port)) in (0, errno.EINPROGRESS):
                    selector.register(probe, selectors.EVENT_WRITE, port)
                else:
                    probe.close()
            end = time.monotonic() + WAIT
            while selector.get_map() and (left := end - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    probe = key.fileobj
                    if probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                        found.append(key.data)
                    selector.unregister(probe)
                    probe.close()
            for key in list(selector.get_map().values()):
                key.fileobj.close()
    return found


if __name__ == "__main__":
    first, last = (sys.argv[2] if len(sys.argv) > 2 else "1-65535").split("-")
    print(json.dumps(scan(sys.argv[1], range(int(first), int(last) + 1))))
