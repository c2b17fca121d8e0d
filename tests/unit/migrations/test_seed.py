"""A seed's command: what it finds, and what is told of one that fails."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations.database import Database
from ansible.module_utils.groundwork.migrations.seed import command_of, run_seed

DATABASE = Database("127.0.0.1", 5432, "app", "shop", "very-secret-9")


def seed(directory: Path, *words: str, python: tuple[str, ...] = (), limit: float = 0) -> str:
    return run_seed(DATABASE, words, python, directory, {"APP_ENV": "test"}, limit)


def test_it_runs_in_its_directory_with_the_login_and_shows_no_password(tmp_path: Path) -> None:
    said = seed(tmp_path, "sh", "-c", "pwd; echo $PGDATABASE $APP_ENV $PGPASSWORD")
    assert said.splitlines() == [str(tmp_path), "shop test ********"]


def test_python_is_the_trees_as_in_its_activated_environment(tmp_path: Path) -> None:
    place = tmp_path / "venv"
    (place / "bin").mkdir(parents=True)
    (place / "pyvenv.cfg").touch()
    python = str(place / "bin" / "python")
    words, found = command_of(["python", "-m", "app"], [python], {})
    assert words == [python, "-m", "app"]
    assert found["PATH"].split(os.pathsep)[0] == str(place / "bin")
    assert found["VIRTUAL_ENV"] == str(place)
    assert command_of(["python3", "x.py"], ["uv", "run", "python"], {}) == (
        ["uv", "run", "python", "x.py"],
        {},
    )
    assert command_of(["make", "seed"], [], {}) == (["make", "seed"], {})


def test_one_that_fails_is_told_with_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(GroundworkError) as caught:
        seed(tmp_path, "sh", "-c", "echo no $PGPASSWORD here >&2; exit 3")
    text = str(caught.value)
    assert "exit status 3" in text and "no ******** here" in text and "very-secret-9" not in text


def test_one_that_cannot_start_and_one_that_takes_too_long(tmp_path: Path) -> None:
    with pytest.raises(GroundworkError, match="can't be started: No such file"):
        seed(tmp_path, "no-such-command")
    with pytest.raises(GroundworkError, match=r"ended after 0.2 s \(schema_timeout\)"):
        seed(tmp_path, sys.executable, "-c", "import time; time.sleep(60)", limit=0.2)
