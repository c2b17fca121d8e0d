"""What is compared with what is wanted."""

from __future__ import annotations

import socket
from pathlib import Path

from ansible.module_utils.groundwork.docker import Docker, StackOwner
from ansible.module_utils.groundwork.state import checks, compare, gather
from ansible.module_utils.groundwork.state.model import State
from grpc_stack import desired
from stack_facts import asked_for, facts_of


def test_a_port_that_somebody_holds_is_told_by_its_option(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        wanted = desired(tmp_path, port=1, grpc_port=port)
        taken = gather._ports_taken(wanted, Docker("no such docker"), {})
    facts = facts_of(wanted, ports_taken=taken)
    state = compare.compare(wanted, facts, asked_for(wanted)).state
    (item,) = state.ports_taken
    assert (item.service, item.option, item.port) == ("qdrant", "grpc_port", port)
    (problem,) = checks.engine_and_ports(wanted, state)
    assert problem.where == "stack_services.qdrant.grpc_port"


def test_where_the_stack_is_another_directories_nothing_else_is_told(tmp_path: Path) -> None:
    wanted = desired(tmp_path)
    facts = facts_of(wanted, owner=StackOwner(tmp_path / "other"), new_passwords=("X_PASSWORD",))
    found = compare.compare(wanted, facts, asked_for(wanted))
    assert found.state == State(facts.engine, owner=facts.owner)
    assert not found.infra and not found.apps
