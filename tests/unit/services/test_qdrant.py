"""Qdrant's probe against a stub: an HTTP server that answers by path."""

from __future__ import annotations

import contextlib
import http.server
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from probing import probe, redis_stub, refusal


@contextlib.contextmanager
def qdrant_stub(answer: Callable[[str, str | None], tuple[int, bytes]]) -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer(self.path, self.headers["api-key"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def qdrant(path: str, key: str | None) -> tuple[int, bytes]:
    """As 1.7.4: /readyz and / ask for no key."""
    if path == "/readyz":
        return 200, b"all shards are ready"
    if path == "/":
        return 200, b'{"title": "qdrant - vector search engine", "version": "1.7.4"}'
    return (200, b"{}") if key == "right" else (403, b"Invalid api-key")


def test_qdrant_is_well() -> None:
    with qdrant_stub(qdrant) as port:
        assert probe("qdrant", port, secret="right") == "1.7.4"


@pytest.mark.parametrize(
    ("secret", "words"), [("wrong", "refuses the API key"), ("", "none is set")]
)
def test_qdrant_refuses(secret: str, words: str) -> None:
    with qdrant_stub(qdrant) as port:
        error = refusal("qdrant", port, secret=secret)
    assert words in str(error)
    assert (error.permanent, error.code) == (True, "403")


@pytest.mark.parametrize("sick", ["/readyz", "/collections"])
def test_qdrant_is_not_ready(sick: str) -> None:
    with qdrant_stub(lambda path, key: (503, b"") if path == sick else qdrant(path, key)) as port:
        error = refusal("qdrant", port, secret="right")
    assert "503" in str(error)
    assert not error.permanent


def test_qdrant_may_be_something_else() -> None:
    with redis_stub(b"-ERR unknown command\r\n") as port:
        assert "HTTP" in str(refusal("qdrant", port, secret="right"))


def test_qdrant_slow_steps_share_one_time_limit() -> None:
    def slow(path: str, key: str | None) -> tuple[int, bytes]:
        time.sleep(0.2)
        return qdrant(path, key)

    with qdrant_stub(slow) as port:  # each step is in time, all of them are not
        error = refusal("qdrant", port, secret="right", timeout=0.3)
    assert "no answer within" in str(error)
