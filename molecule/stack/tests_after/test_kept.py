"""After the faults: what side_effect.yml wrote before them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

testinfra_hosts = ["ansible://test_hosts"]


def test_the_rows_are_there(client: Callable[..., dict[str, Any]]) -> None:
    kept = "written before the faults"
    assert client("read", "kept") == {"postgres": kept, "qdrant": kept, "redis": kept}
