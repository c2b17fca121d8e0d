"""The schema's state where no database has to be asked, or none answers."""

from __future__ import annotations

import socket
from pathlib import Path

from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.migrations.state import SchemaSetup, SchemaState, schema_state

POSTGRES = {"kind": "postgres", "image": "postgres:16"}


def test_without_a_tree_or_a_database_it_is_off(tmp_path: Path) -> None:
    services = parse_services({"db": POSTGRES | {"port": 5432}})
    assert schema_state(services, None, {}) == SchemaState("off")
    assert schema_state([], SchemaSetup(tmp_path, ""), {}).state == "off"


def test_a_database_that_does_not_answer_is_unknown_and_the_heads_are_told(tmp_path: Path) -> None:
    (tmp_path / "env.py").touch()
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "a1.py").write_text("revision = 'a1'\ndown_revision = None\n")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # nobody listens there
        services = parse_services({"db": POSTGRES | {"port": held.getsockname()[1]}})
        found = schema_state(services, SchemaSetup(tmp_path, ""), {})
    assert (found.state, found.heads, found.current) == ("unknown", ("a1",), ())
    assert "refused" in found.error
