"""Who holds a port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from ansible.module_utils.groundwork.docker import ports
from ansible.module_utils.groundwork.docker.cli import Docker


@pytest.fixture
def listener() -> Any:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield held


def test_a_taken_port_names_its_process(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    (found,) = ports.taken(Docker("no-such-docker"), [("127.0.0.1", port)])
    assert found.port == port
    assert f"(process {os.getpid()})" in found.holder


def test_it_does_where_only_root_may_see_all_connections_at_once(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(kind: str) -> Any:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", refuse)
    test_a_taken_port_names_its_process(listener)


def test_a_look_at_free_ports_does_not_load_what_names_a_process(tmp_path: Path) -> None:
    code = (
        "import sys; from groundwork.docker import Docker, ports\n"
        "assert ports.taken(Docker('no-such-docker'), [('127.0.0.1', 0)]) == []\n"
        "assert 'psutil' not in sys.modules"
    )
    core = Path(ports.__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], cwd=core, check=True)


def test_a_free_port_is_not_taken(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    assert ports.taken(Docker("no-such-docker"), [("127.0.0.1", port)]) == []
