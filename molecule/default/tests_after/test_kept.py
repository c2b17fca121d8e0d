"""After a day's mistakes and habits: what side_effect.yml wrote before them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

testinfra_hosts = ["ansible://test_hosts"]


def test_the_rows_are_there(client: Callable[..., dict[str, Any]]) -> None:
    kept = "written before"
    found = client("read", "kept", env="/home/Zoë Müller/our stack/apps/backend/.env")
    assert found == {"postgres": kept, "qdrant": kept, "redis": kept}
