"""Each service type has to know how its data are copied."""

from __future__ import annotations

from ansible.module_utils.groundwork.data.types import DATA_TYPES
from ansible.module_utils.groundwork.services import SERVICE_TYPES


def test_each_is_a_service_type() -> None:
    assert set(DATA_TYPES) == set(SERVICE_TYPES)
