"""A template's digest: what makes another one, and what doesn't."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.migrations.digest import digest, seed_files
from ansible.module_utils.groundwork.migrations.setup import SchemaSetup


def setup(place: Path) -> SchemaSetup:
    tree = place / "alembic"
    (tree / "versions").mkdir(parents=True)
    (tree / "env.py").write_text("x = 1\n")
    (tree / "versions" / "a1.py").write_text("revision = 'a1'\n")
    (place / "seed.sql").write_text("SELECT 1;\n")
    (place / "app").mkdir()
    (place / "app" / "seed.py").write_text("pass\n")
    return SchemaSetup(
        "shop", schema_dir=str(tree), start_directory=str(place), seed_file=str(place / "seed.sql")
    )


CHANGES: dict[str, Callable[[Path], Any]] = {
    "an edited revision": lambda p: (p / "alembic/versions/a1.py").write_text("revision = 'b1'\n"),
    "a new revision": lambda p: (p / "alembic/versions/a2.py").write_text("revision = 'a2'\n"),
    "env.py": lambda p: (p / "alembic/env.py").write_text("x = 2\n"),
    "the seed": lambda p: (p / "seed.sql").write_text("SELECT 2;\n"),
    "no seed": lambda p: (p / "seed.sql").unlink(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_it_is_made_from_changes_it(name: str, tmp_path: Path) -> None:
    tree = setup(tmp_path)
    before = digest([tree], ["pgcrypto"])
    assert digest([tree], ["pgcrypto"]) == before
    CHANGES[name](tmp_path)
    assert digest([tree], ["pgcrypto"]) != before


def test_so_do_the_inventorys_words(tmp_path: Path) -> None:
    tree = setup(tmp_path)
    other = replace(tree, seed=("python", "app/seed.py"), seed_file="")
    assert len({digest([tree], 1), digest([tree], 2), digest([other], 1), digest([], 1)}) == 4
    before = digest([other], 1)
    (tmp_path / "app" / "seed.py").write_text("1 / 0\n")
    assert digest([other], 1) != before


def test_a_commands_files_and_modules_are_found(tmp_path: Path) -> None:
    setup(tmp_path)
    script = tmp_path / "app" / "seed.py"
    assert seed_files(["python", "app/seed.py", "--fast"], "", tmp_path) == [script]
    assert seed_files(["python", "-m", "app.seed"], "", tmp_path) == [script]
    assert seed_files(["python", "-m", "json.tool"], "", tmp_path) == []
