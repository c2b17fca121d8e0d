"""The typed values of one host."""

from __future__ import annotations

from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.state.model import Plan, ServiceState


def test_a_service_that_nothing_is_known_of_has_its_address_and_no_secret() -> None:
    entry = {"kind": "redis", "image": "redis:7", "port": 16379, "password": "hunter2"}
    (service,) = parse_services({"cache": entry})
    state = ServiceState.unknown(service)
    assert (state.kind, state.state, state.address) == ("redis", "unknown", "127.0.0.1:16379")
    assert state.url == "redis://:***@127.0.0.1:16379/0"


def test_a_plan_is_its_steps_that_have_reasons() -> None:
    plan = Plan(images=("a", "b"), schema=("c",))
    assert list(plan.steps()) == [("images", ("a", "b")), ("schema", ("c",))]
    assert plan
    assert not Plan()
    assert list(Plan().steps()) == []
