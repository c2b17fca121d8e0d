"""What the tests of the probes share: asking one, and servers to ask."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.services import Endpoint, ProbeError, service_type

SECRET = "p w\"'$é"


def probe(kind: str, port: int, secret: str = SECRET, timeout: float = 2.0, **options: str) -> str:
    entry = {"kind": kind, "image": "image:1", "port": port, **options}
    (service,) = parse_services({"it": entry})
    return service_type(service).probe(service, Endpoint("127.0.0.1", port), secret, timeout)


def refusal(*args: object, **kwargs: object) -> ProbeError:
    with pytest.raises(ProbeError) as caught:
        probe(*args, **kwargs)
    text = str(caught.value)
    assert text
    assert "\n" not in text
    assert SECRET not in text
    return caught.value


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def until_open(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise AssertionError("the server did not come up")


@contextlib.contextmanager
def redis_stub(*answers: bytes, heard: list[bytes] | None = None) -> Iterator[int]:
    """A socket that answers each command with the next of these lines."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                for answer in answers:
                    asked = connection.recv(4096)
                    if heard is not None:
                        heard.append(asked)
                    connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(timeout=5)
