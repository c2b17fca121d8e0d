"""Archives as they are read, and those that are refused. No Docker."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.images import archive as image_archive
from ansible.module_utils.groundwork.images.archive import ArchiveError
from ansible.module_utils.groundwork.images.resolve import WantedImage
from tarballs import save, sums

REDIS = WantedImage("redis", "redis:7-alpine", "groundwork/redis:7.0.15", "def")


def test_a_good_archive_is_found_by_the_name_inside_it(tmp_path: Path) -> None:
    path = save(tmp_path / "some name.tar", "redis:7-alpine", "postgres:16-alpine")
    sums(tmp_path, path)
    directory = image_archive.read_directory(tmp_path)
    name, held = image_archive.choose(directory, ["docker.io/library/redis:7-alpine"])
    assert (name, held.path) == ("redis:7-alpine", path)
    image_archive.check_digest(path)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.97])
def test_a_truncated_archive_is_refused_by_name(tmp_path: Path, share: float) -> None:
    path = save(tmp_path / "redis_7-alpine.tar", "redis:7-alpine")
    whole = path.read_bytes().rstrip(b"\0")  # the end of a tarball is padding
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ArchiveError, match=r"redis_7-alpine\.tar is "):
        image_archive.choose(image_archive.read_directory(tmp_path), ["redis:7-alpine"])


def test_an_archive_with_a_layer_missing_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "whole.tar", "redis:7-alpine")
    cut = tmp_path / "redis_7-alpine.tar"
    with tarfile.open(path) as source_, tarfile.open(cut, "w") as target:
        for member in source_:
            if not member.name.endswith("layer"):
                target.addfile(member, source_.extractfile(member))
    path.unlink()
    with pytest.raises(ArchiveError, match="blobs/0/layer is missing"):
        image_archive.choose(image_archive.read_directory(tmp_path), ["redis:7-alpine"])


def test_an_archive_that_holds_another_image_is_refused_by_name(tmp_path: Path) -> None:
    save(tmp_path / "redis_7-alpine.tar", "redis:6-alpine")
    with pytest.raises(ArchiveError, match=r"redis_7-alpine\.tar holds redis:6-alpine"):
        image_archive.choose(image_archive.read_directory(tmp_path), ["redis:7-alpine"])


def test_no_archive_at_all_says_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(ArchiveError, match=r"no archive in .* holds redis:7-alpine or groundwork"):
        image_archive.choose(image_archive.read_directory(tmp_path), REDIS.names)


def test_a_wrong_digest_is_refused_by_name(tmp_path: Path) -> None:
    path = save(tmp_path / "redis_7-alpine.tar", "redis:7-alpine")
    sums(tmp_path, path)
    save(path, "redis:7-alpine", labels={"evil": "yes"})
    with pytest.raises(ArchiveError, match=r"redis_7-alpine\.tar is not the file that"):
        image_archive.check_digest(path)


def test_an_unlisted_archive_is_refused_where_digests_are_given(tmp_path: Path) -> None:
    path = save(tmp_path / "redis_7-alpine.tar", "redis:7-alpine")
    sums(tmp_path)
    with pytest.raises(ArchiveError, match="is not listed in"):
        image_archive.check_digest(path)


@pytest.mark.parametrize(
    ("reference", "file"),
    [
        ("redis:7-alpine", "redis_7-alpine.tar"),
        ("docker.io/library/redis:7-alpine", "redis_7-alpine.tar"),
        ("qdrant/qdrant:v1.7.4", "qdrant_qdrant_v1.7.4.tar"),
        ("registry.local:5000/redis", "registry.local_5000_redis_latest.tar"),
    ],
)
def test_archives_have_a_name_by_convention(reference: str, file: str) -> None:
    assert image_archive.file_name(reference) == file
