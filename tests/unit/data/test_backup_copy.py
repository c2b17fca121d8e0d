"""The files of a backup, read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.data import backup_copy
from ansible.module_utils.groundwork.errors import GroundworkError

from .backing_up import PretendedType, kind, place_in, sources_of

__all__ = ["kind"]


@pytest.fixture
def copy(tmp_path: Path, kind: PretendedType) -> Path:
    place = place_in(tmp_path)
    directory = tmp_path / "copy"
    directory.mkdir()
    manifest, skipped = backup_copy.write("shop", place.stack_dir, sources_of(place), directory)
    assert ([*manifest.services], skipped) == (["redis", "postgres"], ["qdrant"])
    return directory


def test_what_is_as_it_was_is_read(copy: Path) -> None:
    assert backup_copy.read(copy, "ab").stack == "shop"


def test_what_is_not_whole_is_refused_by_name(copy: Path) -> None:
    (copy / "redis" / "data").write_text("fo")
    with pytest.raises(GroundworkError, match="ab is damaged: redis/data isn't what was copied"):
        backup_copy.read(copy, "ab")
    (copy / "redis" / "data").unlink()
    with pytest.raises(GroundworkError, match="redis/data"):
        backup_copy.read(copy, "ab")
    text = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**text, "format": 9}))
    with pytest.raises(GroundworkError, match="has the format 9"):
        backup_copy.read(copy, "ab")
    (copy / "manifest.json").write_text("{")
    with pytest.raises(GroundworkError, match="has no manifest"):
        backup_copy.read(copy, "ab")
