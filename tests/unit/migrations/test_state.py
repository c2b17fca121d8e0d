"""The schema's state where no database has to be asked, or none answers."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations.setup import SchemaSetup
from ansible.module_utils.groundwork.migrations.state import SchemaState, schema_states

POSTGRES = {"kind": "postgres", "image": "postgres:16"}


def tree(directory: Path, name: str = "", env: str = "", **more: Any) -> SchemaSetup:
    (directory / "versions").mkdir(parents=True)
    (directory / "env.py").write_text(env)
    (directory / "versions" / "a1.py").write_text("revision = 'a1'\ndown_revision = None\n")
    return SchemaSetup(name, "db", "app", str(directory), **more)


@pytest.fixture
def silent() -> Any:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # nobody listens there
        yield parse_services({"db": POSTGRES | {"port": held.getsockname()[1]}})


def test_without_a_tree_or_a_database_it_is_off(tmp_path: Path) -> None:
    services = parse_services({"db": POSTGRES | {"port": 5432}})
    assert schema_states(services, [], {}) == {}
    found = schema_states([], [SchemaSetup(schema_dir=str(tmp_path))], {})
    assert found == {"": SchemaState("off", error="off: no PostgreSQL in stack_services")}


def test_a_database_that_does_not_answer_is_unknown_and_the_heads_are_told(
    tmp_path: Path, silent: Any
) -> None:
    found = schema_states(silent, [tree(tmp_path)], {})[""]
    assert (found.state, found.heads, found.current) == ("unknown", ("a1",), ())
    assert "refused" in found.error


CONFIGURE = "from alembic import context\ncontext.configure(connection=c, version_table={!r})\n"


def test_two_trees_may_share_a_database_and_no_version_table(tmp_path: Path, silent: Any) -> None:
    one = tree(tmp_path / "one", "one", CONFIGURE.format("mine"))
    two = tree(tmp_path / "two", "two", CONFIGURE.format("yours"))
    same = tree(tmp_path / "same", "same", CONFIGURE.format("mine"))
    assert list(schema_states(silent, [one, two], {})) == ["one", "two"]
    with pytest.raises(GroundworkError, match=r"Two trees, one and same, .* same table mine"):
        schema_states(silent, [one, two, same], {})
