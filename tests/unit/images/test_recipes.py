"""Recipes of images that are built here, and the digests of what they are made from."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.images import recipes
from ansible.module_utils.groundwork.images import recipes as image_recipes
from references import SHA

BUILD_DIR = Path(__file__).resolve().parents[3] / "images"


def test_the_tests_of_a_program_are_no_part_of_its_image(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("1")
    before = recipes.digest(tmp_path, "base", recipes.NO_INPUTS)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_main.py").write_text("2")
    (tmp_path / "pyproject.toml").write_text("3")
    assert recipes.digest(tmp_path, "base", recipes.NO_INPUTS) == before
    assert recipes.digest(tmp_path, "base") != before, "an Alembic tree may have its settings there"
    (tmp_path / "main.py").write_text("4")
    assert recipes.digest(tmp_path, "base", recipes.NO_INPUTS) != before


@pytest.mark.parametrize(
    ("kind", "reference", "stands_in"),
    [
        ("postgres", "postgres:16-alpine", True),
        ("postgres", "postgres:16.3", True),
        ("postgres", "postgres:latest", True),
        ("postgres", "postgres", True),
        ("postgres", "library/postgres:16", True),
        ("postgres", "docker.io/library/postgres:16", True),
        ("postgres", "index.docker.io/library/postgres:16", True),
        ("postgres", "docker.io/postgres:16", True),
        ("postgres", "mirror.example.com/hub/library/postgres:16", True),
        ("redis", "redis:7.4-alpine", True),
        ("qdrant", "qdrant/qdrant:v1.7.4", True),
        ("qdrant", "mirror.example.com:5000/hub/qdrant/qdrant:v1.7.4", True),
        # Another major version
        ("postgres", "postgres:17-alpine", False),
        ("postgres", "postgres:1", False),
        ("redis", "redis:6", False),
        # Somebody else's, whatever the major version
        ("postgres", "pgvector/pgvector:pg16", False),
        ("postgres", "postgis/postgis:16-3.4", False),
        ("postgres", "timescale/timescaledb:latest-pg16", False),
        ("postgres", "bitnami/postgresql:16", False),
        ("postgres", "team/postgres:16", False),
        ("postgres", "registry.example:5000/postgres:16", False),
        ("postgres", "registry.example/ourlibrary/postgres:16", False),
        ("redis", "redis/redis-stack:7.2.0-v0", False),
        ("redis", "bitnami/redis:7.2", False),
        ("redis", "valkey/valkey:7", False),
        ("qdrant", "qdrant:v1.7.4", False),
        ("qdrant", "notqdrant/qdrant:v1", False),
        # One image and no other
        ("postgres", f"postgres@{SHA}", False),
        ("postgres", f"postgres:16@{SHA}", False),
    ],
)
def test_a_built_image_stands_in_for_the_official_one_alone(
    kind: str, reference: str, stands_in: bool
) -> None:
    assert recipes.recipe(BUILD_DIR, kind).stands_in(reference) == stands_in


def test_every_recipe_is_complete() -> None:
    recipes = image_recipes.read_recipes(BUILD_DIR)
    assert {kind: recipe.reference for kind, recipe in recipes.items()} == {
        "postgres": "groundwork/postgres:16.15-3",
        "qdrant": "groundwork/qdrant:edge-0.9.0-4",
        "redis": "groundwork/redis:7.0.15",
    }
    for recipe in recipes.values():
        assert recipe.base is not None
        assert recipe.base.debian is not None
        assert (recipe.directory / "Dockerfile").exists()
        if recipe.wheels:
            text = (recipe.directory / recipe.wheels.requirements).read_text(encoding="utf-8")
            assert "--hash=sha256:" in text
            assert "://" not in text, "an index address must not be in the repository"


def test_no_directory_means_nothing_is_built(tmp_path: Path) -> None:
    assert image_recipes.read_recipes(tmp_path / "none") == {}


def test_a_broken_recipe_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "image.json").write_text("{", encoding="utf-8")
    with pytest.raises(GroundworkError) as error:
        image_recipes.read_recipes(tmp_path)
    assert str(tmp_path / "redis" / "image.json") in str(error.value)


def test_the_digest_follows_what_the_image_is_made_from(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM x", encoding="utf-8")
    script = tmp_path / "entrypoint.sh"
    script.write_text("#!/bin/sh", encoding="utf-8")
    script.chmod(0o644)
    first = image_recipes.digest(tmp_path, "base")
    (tmp_path / "README.md").write_text("prose", encoding="utf-8")
    (tmp_path / ".mypy_cache").mkdir()
    (tmp_path / ".mypy_cache" / "x").write_text("cache", encoding="utf-8")
    assert image_recipes.digest(tmp_path, "base") == first
    assert image_recipes.digest(tmp_path, "another base") != first
    script.chmod(0o755)
    executable = image_recipes.digest(tmp_path, "base")
    assert executable != first
    script.write_text("#!/bin/bash", encoding="utf-8")
    assert image_recipes.digest(tmp_path, "base") != executable
