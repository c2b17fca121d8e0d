"""How much room there has to be."""

from __future__ import annotations

import pytest
from ansible.module_utils.groundwork.data import space

TOTAL = 1_000_000_000


@pytest.mark.parametrize(
    ("free", "needed", "missing"),
    [
        (170_000_000, 100_000_000, 0),  # 120 and a reserve of 50
        (169_000_000, 100_000_000, 1_000_000),
        (0, 0, 50_000_000),
        (TOTAL, 1, 0),
    ],
)
def test_needed_a_margin_and_a_reserve(free: int, needed: int, missing: int) -> None:
    assert space.lacking(TOTAL, free, needed) == missing
