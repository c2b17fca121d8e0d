"""What every probe says of a server that is not there or silent."""

from __future__ import annotations

import socket

import pytest
from probing import free_port, refusal


@pytest.mark.parametrize("kind", ["postgres", "qdrant", "redis"])
def test_nobody_listens(kind: str) -> None:
    error = refusal(kind, free_port())
    assert "refused" in str(error).lower()
    assert not error.permanent


@pytest.mark.parametrize("kind", ["postgres", "qdrant", "redis"])
def test_a_silent_server_is_bounded(kind: str) -> None:
    with socket.socket() as sock:  # accepts in the kernel, never answers
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        error = refusal(kind, sock.getsockname()[1], timeout=0.3)
    assert "no answer within" in str(error)
    assert not error.permanent
