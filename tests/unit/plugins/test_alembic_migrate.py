"""A migration from this computer: what no forwarded port leads to."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.plugins.loader import action_loader


def test_several_hosts_are_more_than_a_port_leads_to() -> None:
    action = action_loader.get("alembic_migrate", class_only=True)
    asked = action.__new__(action)
    asked._connection = SimpleNamespace(transport="ssh")
    with pytest.raises(GroundworkError, match="leads to one host, and the database has several"):
        asked._from_here({"host": "a:5432,b:5432", "port": 5432, "tree": "shop"}, {})
