"""An image that can't serve what the inventory asks for."""

from __future__ import annotations

from pathlib import Path

from ansible.module_utils.groundwork.images.clash import ports_that_it_lacks
from grpc_stack import desired


def test_an_image_without_grpc_is_refused_by_name(tmp_path: Path) -> None:
    found = ports_that_it_lacks(desired(tmp_path).services[0], "groundwork/qdrant:edge-0.9.0")
    assert [item.where for item in found] == ["stack_services.qdrant.grpc_port"]
    assert "has no gRPC" in found[0].what
    assert not ports_that_it_lacks(desired(tmp_path).services[0], "qdrant/qdrant:v1.7.4")
