"""Building an image: what goes into it, and the tools that it takes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker.cli import Docker
from ansible.module_utils.groundwork.images import build, recipes
from ansible.module_utils.groundwork.images.build import Builder, copy_context
from ansible.module_utils.groundwork.images.fetch import BuildError
from build_tools import base_alone, tool

IMAGES = Path(__file__).resolve().parents[3] / "images"
RECIPES = recipes.read_recipes(IMAGES)


def test_a_strict_umask_stays_out_of_the_image(tmp_path: Path) -> None:
    directory = tmp_path / "from here"
    (directory / "__pycache__").mkdir(parents=True)
    script, text = directory / "entrypoint.sh", directory / "config"
    for path, mode in ((script, 0o700), (text, 0o600)):
        path.write_text("x", encoding="utf-8")
        path.chmod(mode)
    copy_context(directory, tmp_path / "to")
    assert (tmp_path / "to" / "entrypoint.sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "to" / "config").stat().st_mode & 0o777 == 0o644
    assert not (tmp_path / "to" / "__pycache__").exists()


def test_a_build_takes_what_was_made_ahead(engine: Docker, tmp_path: Path) -> None:
    recipe = base_alone(tmp_path / "images")
    cache = tmp_path / "cache"
    Builder(Docker("no-such-client"), cache).prepare([recipe])
    assert (tmp_path / "made").read_text() == "made\n"
    assert Builder(engine, cache).build([recipe]) == {"redis": None}
    assert (tmp_path / "made").read_text() == "made\nbase\n"  # once, and it is what was imported
    assert not list(cache.glob("*.tar"))


def test_what_fails_ahead_is_told_by_the_build(tools: Path, engine: Docker, tmp_path: Path) -> None:
    tool(tools, "echo no mirror; exit 3")
    recipe = base_alone(tmp_path / "images")
    Builder(Docker(), tmp_path / "cache").prepare([recipe])
    found = Builder(engine, tmp_path / "cache").build([recipe])["redis"]
    assert isinstance(found, BuildError)
    assert found.lines == ("no mirror",)


def test_without_an_engine_no_base_is_there(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    (tools / "mmdebstrap").unlink()
    assert build.missing_tools(None, [RECIPES["redis"]]) == ["mmdebstrap"]


def test_an_ordinary_user_needs_one_more_tool(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for user, lacking in ((0, []), (1000, ["uidmap"])):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        assert build.missing_tools(None, [RECIPES["redis"]]) == lacking
    (tools / "newuidmap").symlink_to(tools / "mmdebstrap")
    assert build.missing_tools(None, [RECIPES["redis"]]) == []
