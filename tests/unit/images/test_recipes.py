"""What belongs to an image's recipe."""

from __future__ import annotations

from pathlib import Path

from ansible.module_utils.groundwork.images import recipes


def test_the_tests_of_a_program_are_no_part_of_its_image(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("1")
    before = recipes.digest(tmp_path, "base")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_main.py").write_text("2")
    (tmp_path / "pyproject.toml").write_text("3")
    assert recipes.digest(tmp_path, "base") == before
    (tmp_path / "main.py").write_text("4")
    assert recipes.digest(tmp_path, "base") != before
