"""What is read of a host. That all of it fits together is told by test_info.py."""

from __future__ import annotations

import socket
from pathlib import Path

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
