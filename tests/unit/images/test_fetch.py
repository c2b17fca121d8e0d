"""What an image is built of: wheels that are whole, and a base from the host's own mirror."""

from __future__ import annotations

import hashlib
import os
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.module_utils.groundwork.images import fetch
from ansible.module_utils.groundwork.images import recipes as image_recipes
from ansible.module_utils.groundwork.images.fetch import (
    FRESH,
    base_tarball,
    complete_wheels,
    parse_targets,
    temporary,
)
from build_tools import base_alone

BUILD_DIR = Path(__file__).resolve().parents[3] / "images"


def test_cached_wheels_count_only_with_their_digest(tmp_path: Path) -> None:
    wheel = tmp_path / "a-1-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    pinned = f"a==1 --hash=sha256:{hashlib.sha256(b'wheel').hexdigest()}"
    assert complete_wheels(tmp_path, pinned) == [wheel]
    wheel.write_bytes(b"whee")
    assert complete_wheels(tmp_path, pinned) == []
    assert complete_wheels(tmp_path / "none", pinned) == []


def test_wheels_are_unpacked_to_be_imported_whatever_the_umask(tmp_path: Path) -> None:
    wheel, context = tmp_path / "a-1-py3-none-any.whl", tmp_path / "context"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("a/b/__init__.py", "here = True")
    context.mkdir()
    recipe = image_recipes.recipe(BUILD_DIR, "qdrant")
    before = os.umask(0o077)
    try:
        fetch.put_wheels(recipe, [wheel], context)
    finally:
        os.umask(before)
    module = context / "packages/a/b/__init__.py"
    assert module.read_text() == "here = True"
    assert module.stat().st_mode & 0o777 == 0o644
    assert all(path.stat().st_mode & 0o777 == 0o755 for path in module.parents[:3])


def test_a_wheel_with_more_than_packages_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("a-1.data/scripts/a", "#!python")
    with pytest.raises(fetch.BuildError, match="holds more than packages"):
        fetch.put_wheels(image_recipes.recipe(BUILD_DIR, "qdrant"), [wheel], tmp_path)


def test_the_hosts_own_mirror_is_used_and_no_password_of_it() -> None:
    text = "\n".join(
        "\t".join(row)
        for row in (
            ("http://mirror.test/debian/", "bookworm", "main", "Debian"),
            ("http://mirror.test/debian/", "bookworm", "contrib", "Debian"),
            ("http://mirror.test/debian/", "trixie", "main", "Debian"),
            ("http://me:secret@mirror.test/sec/", "bookworm-security", "main", "Debian"),
            ("http://mirror.test/upd/", "bookworm-updates", "main", "Debian"),
            ("http://other.test/", "bookworm", "main", "Somebody"),
        )
    )
    assert parse_targets(text, "bookworm") == (
        "deb http://mirror.test/debian/ bookworm main\n"
        "deb http://mirror.test/upd/ bookworm-updates main\n"
    )
    assert parse_targets(text, "forky") == ""


def test_a_base_is_unpacked_where_its_programs_may_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for the kernel's answer: mounting a directory without programs needs root."""
    for flag, used in ((os.ST_NOEXEC, "/var/tmp"), (os.ST_NODEV, "/tmp")):
        monkeypatch.setattr(os, "statvfs", lambda _, flag=flag: SimpleNamespace(f_flag=flag))
        assert temporary("/tmp") == {"TMPDIR": used}


def test_an_older_base_is_made_anew(tools: Path, tmp_path: Path) -> None:
    base = base_alone(tmp_path / "images").base
    assert base
    cache = tmp_path / "cache"
    (cache / "work").mkdir(parents=True)
    ready = base_tarball(base, cache, cache / "work")
    other = cache / "base-123456789abc.tar"
    other.write_text("of another recipe")
    old = time.time() - FRESH - 1
    ready.write_text("old")
    os.utime(ready, (old, old))
    assert base_tarball(base, cache, cache / "work").read_text() == "base\n"
    assert list(cache.glob("*.tar")) == [ready]
