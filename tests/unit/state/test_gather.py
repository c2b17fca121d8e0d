"""What is read of a host. That all of it fits together is told by test_info.py."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.state.gather import _ports_taken
from grpc_stack import desired


def test_a_port_that_the_stacks_own_container_holds_is_not_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        wanted, docker = desired(tmp_path, port=port, grpc_port=1), Docker("no such docker")
        assert list(_ports_taken(wanted, docker, None)) == [port]
        published = {"6333/tcp": [{"HostPort": str(port)}], "6334/tcp": None}
        own = {"qdrant": {"NetworkSettings": {"Ports": published}}}
        assert _ports_taken(wanted, docker, own) == {}


@pytest.mark.parametrize(("stack", "holder"), [("t", ""), ("other", "the container it")])
def test_nor_is_one_that_a_container_of_it_is_being_started_on(
    tmp_path: Path, stack: str, holder: str
) -> None:
    """A killed run's engine goes on: it is listed only when asked once more."""
    program = tmp_path / "docker"
    program.write_text(
        f"#!/bin/sh\n[ ! -e {tmp_path}/asked ] || printf 'it\\timage\\t{stack}\\n'\n"
        f"touch {tmp_path}/asked\n"
    )
    program.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        wanted = desired(tmp_path, port=port, grpc_port=1)
        found = _ports_taken(wanted, Docker(str(program)), {})
    assert found == ({port: f"{holder} (image)"} if holder else {})
