"""What fills a database after its migrations."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.config.seeds import parse_seed


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (None, ((), "")),
        ("", ((), "")),
        ("db/seed.sql", ((), "db/seed.sql")),
        (["python", "-m", "app.seed"], (("python", "-m", "app.seed"), "")),
    ],
)
def test_a_seed_is_a_command_or_a_file_of_sql(given: Any, found: Any) -> None:
    problems: list[str] = []
    assert parse_seed("x.seed", given, problems) == found
    assert problems == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("python -m app.seed", "x.seed: a command is a list, [python, -m, app.seed]"),
        ({"file": "a.sql"}, "x.seed is a dictionary"),
        (["python", 1], "it must be a command as a list"),
        (True, "x.seed is True"),
    ],
)
def test_anything_else_is_refused(given: Any, words: str) -> None:
    problems: list[str] = []
    assert parse_seed("x.seed", given, problems) == ((), "")
    assert len(problems) == 1 and words in problems[0]
