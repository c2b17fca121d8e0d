"""What another machine needs, as one file: what is in it, and when it is another one."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.host import bundle


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Path, dict[str, Path]]:
    """No requirements at all, and a directory with a script and a cache."""
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("", encoding="utf-8")
    directory = tmp_path / "our tree"
    (directory / "__pycache__").mkdir(parents=True)
    (directory / "__pycache__/x.pyc").write_text("cache")
    (directory / "run.sh").write_text("#!/bin/sh\n")
    (directory / "run.sh").chmod(0o700)
    (directory / "plain.txt").write_text("text")
    (directory / "plain.txt").chmod(0o600)
    return requirements, {"tree": directory}


def test_the_digest_changes_with_each_part(sources: tuple[Path, dict[str, Path]]) -> None:
    requirements, directories = sources
    seen = {
        bundle.digest(requirements, directories),
        bundle.digest(requirements, directories, ["/srv"]),
    }
    (directories["tree"] / "plain.txt").write_text("other")
    seen.add(bundle.digest(requirements, directories))
    requirements.write_text("# another\n", encoding="utf-8")
    seen.add(bundle.digest(requirements, directories))
    seen.add(bundle.digest(requirements, {"other name": directories["tree"]}))
    assert len(seen) == 5
    assert all(len(text) == 16 for text in seen)


def test_a_python_may_have_requirements_of_its_own(
    sources: tuple[Path, dict[str, Path]],
) -> None:
    requirements, directories = sources
    before = bundle.digest(requirements, directories)
    own = requirements.with_name("requirements-3.10.txt")
    own.write_text("# older\n", encoding="utf-8")
    assert bundle.digest(requirements, directories) != before
    assert bundle.for_python(requirements, "3.10") == own
    assert bundle.for_python(requirements, "3.11") == requirements


def test_a_path_that_is_not_there_is_named(sources: tuple[Path, dict[str, Path]]) -> None:
    requirements, directories = sources
    with pytest.raises(GroundworkError, match="/nowhere is not there"):
        bundle.digest(requirements, directories | {"x": Path("/nowhere")})


def test_the_bundle_is_roots_and_without_caches(
    sources: tuple[Path, dict[str, Path]], tmp_path: Path
) -> None:
    requirements, directories = sources
    (tmp_path / "link").symlink_to(directories["tree"])
    directories = {"tree": tmp_path / "link"}  # a person's tree may be one
    cache = tmp_path / "cache"
    wheels = bundle._wheels  # nothing to download: pip refuses an empty requirements file
    (cache / "none").mkdir(parents=True)
    old, new = cache / ".bundle-x.tar.killed", cache / ".bundle-y.tar.going-on"
    for rest in (old, new):
        rest.write_text("")
    os.utime(old, (1, 1))
    bundle._wheels = lambda *_: cache / "none"
    try:
        path = bundle.bundle(requirements, directories, "3.11", "x86_64", cache)
    finally:
        bundle._wheels = wheels
    assert (old.exists(), new.exists()) == (False, True)
    with tarfile.open(path) as archive:
        members = {member.name: member for member in archive}
    assert {"requirements.txt", "wheels", "tree", "tree/run.sh", "tree/plain.txt"} == set(members)
    assert {(m.uid, m.gid, m.uname) for m in members.values()} == {(0, 0, "root")}
    assert members["tree/run.sh"].mode == 0o755
    assert members["tree/plain.txt"].mode == 0o644


def test_a_processor_without_wheels_is_refused(
    sources: tuple[Path, dict[str, Path]], tmp_path: Path
) -> None:
    with pytest.raises(GroundworkError, match="riscv64"):
        bundle.bundle(*sources, "3.11", "riscv64", tmp_path)
