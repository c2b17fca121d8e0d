"""A service's own words: its variables, its ports and where it is."""

from __future__ import annotations

from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.services import SERVICE_TYPES, Endpoint


def test_an_ipv6_address_is_in_brackets() -> None:
    assert str(Endpoint("10.0.0.5", 5432)) == "10.0.0.5:5432"
    assert str(Endpoint("fd00::5", 5432)) == "[fd00::5]:5432"


def test_variables_and_ports_are_named_after_the_service() -> None:
    entry = {"kind": "qdrant", "image": "qdrant/qdrant:v1.7.4", "port": 6333, "grpc_port": 6334}
    (service,) = parse_services({"my-vectors": entry})
    assert service.prefix == "MY_VECTORS"
    assert SERVICE_TYPES["qdrant"].secret_variable(service) == "MY_VECTORS_API_KEY"
    assert service.ports == {"port": 6333, "grpc_port": 6334}
    assert not service.external
