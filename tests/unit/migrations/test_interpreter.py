"""An interpreter that can't be started says why."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations.interpreter import Interpreter, program, start


def test_the_program_is_text() -> None:
    assert [name for name, _ in program()] == ["alembic_errors", "alembic_run", "alembic_server"]
    assert all("from __future__ import annotations" in text for _, text in program())


@pytest.mark.parametrize(
    ("command", "directory", "words"),
    [
        ("/no/such/python", "/tmp", "There is no Python at /no/such/python: No such file"),
        ("no-such-uv", "/tmp", "There is no command 'no-such-uv' here"),
        ("python3", "/no/such/dir", "can't be started in /no/such/dir: no such directory"),
    ],
)
def test_what_is_not_there_is_named(command: str, directory: str, words: str) -> None:
    wanted = Interpreter((command,), Path(directory), name="shop")
    with tempfile.TemporaryFile() as log, pytest.raises(GroundworkError) as caught:
        start(wanted, {}, log)
    assert words in caught.value.what
    assert caught.value.where == "schema_trees: shop"
    assert "uv sync" in caught.value.next_step


def test_the_virtual_environment_of_a_whole_workspace_is_named(tmp_path: Path) -> None:
    near = tmp_path / ".venv" / "bin" / "python"
    near.parent.mkdir(parents=True)
    near.touch()
    missing = tmp_path / "backend" / ".venv" / "bin" / "python"
    wanted = Interpreter((str(missing),), tmp_path)
    with tempfile.TemporaryFile() as log, pytest.raises(GroundworkError) as caught:
        start(wanted, {}, log)
    assert f"There is one at {near}: name it" in caught.value.next_step
