"""A Qdrant's `grpc_port`: checked, published, written, and refused where nobody speaks it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.apps import App
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.docker.cli import Docker
from ansible.module_utils.groundwork.env import content, tunnel
from ansible.module_utils.groundwork.env.content import Image
from ansible.module_utils.groundwork.env.secrets import SALT_VARIABLE
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.host import firewall
from ansible.module_utils.groundwork.images.clash import ports_that_it_lacks
from ansible.module_utils.groundwork.images.recipes import read_recipes
from ansible.module_utils.groundwork.images.sources import Setup
from ansible.module_utils.groundwork.state import checks, compare, gather, info
from ansible.module_utils.groundwork.state.desired import Desired
from rendered import compose
from stack_facts import asked_for, facts_of

BUILD_DIR = Path(__file__).resolve().parents[3] / "images"
PLAIN: dict[str, Any] = {"kind": "qdrant", "image": "qdrant/qdrant:v1.7.4", "port": 6333}
QDRANT = PLAIN | {"grpc_port": 16334}
REDIS: dict[str, Any] = {"kind": "redis", "image": "redis:7-alpine", "port": 6379}
SECRETS = {SALT_VARIABLE: "salt", "QDRANT_API_KEY": "key"}


def refusal(services: dict[str, Any]) -> str:
    with pytest.raises(GroundworkError) as caught:
        parse_services(services)
    return str(caught.value)


@pytest.mark.parametrize(
    ("services", "words"),
    [
        ({"q": PLAIN | {"grpc_port": 0}}, "q.grpc_port is 0; a port is"),
        ({"q": PLAIN | {"grpc_port": None}}, "q.grpc_port is missing"),
        ({"q": PLAIN | {"grpc_port": "x"}}, "q.grpc_port is 'x'; a port is"),
        ({"q": PLAIN | {"grpc_port": 6333}}, "q.grpc_port and stack_services.q.port: both use"),
        ({"q": QDRANT, "r": REDIS | {"port": 16334}}, "r.port and stack_services.q.grpc_port"),
        ({"q": QDRANT, "p": QDRANT | {"port": 1}}, "p.grpc_port and stack_services.q.grpc_port"),
        ({"q": QDRANT, "q-grpc": REDIS}, "both use the variable Q_GRPC_PORT"),
        ({"r": REDIS | {"grpc_port": 6334}}, "r.grpc_port: unknown option"),
    ],
)
def test_what_is_no_port_of_its_own_is_refused(services: dict[str, Any], words: str) -> None:
    assert words in refusal(services)


@pytest.mark.parametrize(
    ("audience", "port"), [("host", "16334"), ("internal", "6334"), ("tunnel", "26334")]
)
def test_an_app_gets_it_where_it_runs(audience: str, port: str) -> None:
    services = parse_services({"qdrant": QDRANT})
    app = App("app", "apps/.env", audience=audience, services=("qdrant",))
    assert content.app_env(app, services, SECRETS, 10000)["QDRANT_GRPC_PORT"] == port


def test_one_that_somebody_else_runs_has_it_where_they_say() -> None:
    entry = {"kind": "qdrant", "external": True, "host": "q.example.com", "password": "key"}
    services = parse_services({"qdrant": entry | {"grpc_port": 6334}, "mine": PLAIN})
    app = App("app", "apps/.env", services=("qdrant",))
    assert content.app_env(app, services, SECRETS)["QDRANT_GRPC_PORT"] == "6334"
    assert "grpc" not in str(compose({"qdrant": entry | {"grpc_port": 6334}})).lower()


def test_without_it_nothing_of_it_is_anywhere() -> None:
    services = parse_services({"qdrant": PLAIN})
    images = {"qdrant": Image("qdrant/qdrant:v1.7.4", "qdrant-server")}
    assert "QDRANT_GRPC_PORT" not in content.infra_env(services, images, SECRETS)
    made = compose({"qdrant": PLAIN})["services"]["qdrant"]
    assert made["ports"] == ["127.0.0.1:${QDRANT_PORT}:6333"]


def test_it_is_published_where_the_service_is() -> None:
    made = compose({"vectors": QDRANT | {"bind": "10.0.0.5"}})["services"]["vectors"]
    assert made["ports"][1] == "10.0.0.5:${VECTORS_GRPC_PORT}:6334"


def test_the_firewall_and_the_tunnel_know_it() -> None:
    entry = QDRANT | {"bind": "10.0.0.5", "allow_from": ["10.0.0.0/24"]}
    services = parse_services({"qdrant": entry})
    rules = firewall.rules(services, "gw-x")["gw-x.iptables"]
    assert "--ctorigdstport 16334 -j RETURN" in rules
    assert "--dport 16334 -m addrtype --dst-type LOCAL -j DROP" in rules
    assert "-L 127.0.0.1:26334:10.0.0.5:16334" in tunnel.command(services, {"host": "vm"}, 10000)
    with pytest.raises(GroundworkError, match="at port 66334 of the laptop"):
        tunnel.command(services, {"host": "vm"}, 50000)


def desired(tmp_path: Path, **more: Any) -> Desired:
    params = {"stack_name": "t", "services": {"qdrant": QDRANT | more}, "apps": {}, "compose": ""}
    folders = {"workspace_dir": str(tmp_path), "stack_dir": str(tmp_path / "infra")}
    return Desired.of(params | folders | {"password_length": 32})


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


def test_what_is_built_does_not_stand_in_and_says_why(tmp_path: Path) -> None:
    setup = Setup(Docker(), ("build",), recipes=read_recipes(BUILD_DIR), cache_dir=tmp_path)
    wanted = setup.wanted(parse_services({"with": QDRANT, "without": PLAIN | {"port": 1}}))
    assert wanted["with"].names == ("qdrant/qdrant:v1.7.4",)
    assert len(wanted["without"].names) == 2
    (answer,) = dict(setup.ask())["build"]([wanted["with"]]).values()
    assert answer.why == "what is built here has no gRPC"


def test_an_image_without_it_is_refused_by_name(tmp_path: Path) -> None:
    found = ports_that_it_lacks(desired(tmp_path).services[0], "groundwork/qdrant:edge-0.9.0")
    assert [item.where for item in found] == ["stack_services.qdrant.grpc_port"]
    assert "has no gRPC" in found[0].what
    assert not ports_that_it_lacks(desired(tmp_path).services[0], "qdrant/qdrant:v1.7.4")


def test_the_summary_says_where_it_is(tmp_path: Path) -> None:
    assert list(info._more_ports(desired(tmp_path))) == [("gRPC", "qdrant at 127.0.0.1:16334")]
