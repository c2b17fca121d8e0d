"""What is compared with what is wanted."""

from __future__ import annotations

import socket
from pathlib import Path

from ansible.module_utils.groundwork.docker import Docker, StackOwner, volumes
from ansible.module_utils.groundwork.health import ProbeAnswer
from ansible.module_utils.groundwork.state import checks, compare, gather, plan
from ansible.module_utils.groundwork.state.desired import Desired
from ansible.module_utils.groundwork.state.model import ServiceState, State
from ansible.module_utils.groundwork.state.stack_containers import StackContainers
from container_entry import ENTRY
from fake_engine import container
from grpc_stack import desired
from stack_facts import asked_for, facts_of
from stack_params import params


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


def container_state(tmp_path: Path, health: str, answers: bool = True) -> ServiceState:
    entry = ENTRY | {"health": {"command": ["true"]}}
    wanted = Desired.of(params(str(tmp_path), services={"mail": entry}))
    found = {
        "Image": "sha256:1",
        "Config": {"Image": "x", "Labels": {}},
        "State": {"Status": "running", "StartedAt": "", "Health": {"Status": health}},
    }
    answer = ProbeAnswer(answers, "", "" if answers else "connection refused", "")
    facts = facts_of(
        wanted, stack_containers=StackContainers({"mail": found}), answers={"mail": answer}
    )
    return compare.compare(wanted, facts, asked_for(wanted)).state.services["mail"]


def test_a_container_on_another_volume_than_the_live_one_is_told(tmp_path: Path) -> None:
    """Compose doesn't: for it, a volume of another name is no other configuration."""
    wanted = Desired.of(params(str(tmp_path)))
    volumes.write(wanted.stack_dir, {"redis": 2})
    running = container("r", mounts={"alone_redis_data.1": True}) | {"Image": "sha256:1"}
    seen = StackContainers({"redis": running})
    facts = facts_of(wanted, stack_containers=seen)
    state = compare.compare(wanted, facts, asked_for(wanted)).state
    assert state.services["redis"].not_live == {"alone_redis_data.2": "alone_redis_data.1"}
    assert plan.plan(wanted, state).services == (
        "redis: is on the volume alone_redis_data.1, wanted alone_redis_data.2",
    )


def test_where_the_engine_decides_a_container_is_well_when_it_says_so(tmp_path: Path) -> None:
    assert container_state(tmp_path, "healthy").answers
    for health in ("starting", "unhealthy", "none"):
        state = container_state(tmp_path, health)
        assert not state.answers
        assert state.error == "its health check hasn't passed yet"
    assert container_state(tmp_path, "healthy", answers=False).error == "connection refused"


def test_a_containers_settings_are_compared_by_its_label(tmp_path: Path) -> None:
    entry = {"kind": "redis", "image": "redis:7", "port": 1, "settings": {"hz": 20}}
    wanted = Desired.of(params(str(tmp_path), services={"redis": entry}))

    def differing(label: dict[str, str]) -> tuple[str, ...]:
        found = {
            "Image": "sha256:1",
            "Config": {"Image": "x", "Labels": label},
            "State": {"Status": "running", "StartedAt": ""},
        }
        facts = facts_of(wanted, stack_containers=StackContainers({"redis": found}))
        services = compare.compare(wanted, facts, asked_for(wanted)).state.services
        return services["redis"].settings

    assert differing({}) == ("hz",)
    assert differing({"groundwork.settings": '{"hz": ["20"], "timeout": ["1"]}'}) == ("timeout",)
    assert differing({"groundwork.settings": '{"hz": ["20"]}'}) == ()
