"""What belongs to an image's recipe."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.groundwork.images import recipes
from references import SHA

BUILD_DIR = Path(__file__).resolve().parents[3] / "images"


def test_the_tests_of_a_program_are_no_part_of_its_image(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("1")
    before = recipes.digest(tmp_path, "base")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_main.py").write_text("2")
    (tmp_path / "pyproject.toml").write_text("3")
    assert recipes.digest(tmp_path, "base") == before
    (tmp_path / "main.py").write_text("4")
    assert recipes.digest(tmp_path, "base") != before


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
