"""Where images come from: the order, the refusals, and how archives are read. No Docker."""

from __future__ import annotations

import hashlib
import os
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.images import archive as image_archive
from ansible.module_utils.groundwork.images import fetch, load, resolve
from ansible.module_utils.groundwork.images import recipes as image_recipes
from ansible.module_utils.groundwork.images.archive import ArchiveError
from ansible.module_utils.groundwork.images.build import copy_context
from ansible.module_utils.groundwork.images.fetch import parse_targets, temporary, whole_wheels
from ansible.module_utils.groundwork.images.resolve import (
    Answer,
    Source,
    Wanted,
    failure,
    resolve_all,
)
from ansible.module_utils.groundwork.images.sources import Setup
from tarballs import save, sums

BUILD_DIR = Path(__file__).resolve().parents[3] / "images"
POSTGRES = Wanted("postgres", "postgres:16-alpine", "groundwork/postgres:16.15", "abc")
REDIS = Wanted("redis", "redis:7-alpine", "groundwork/redis:7.0.15", "def")


def source(asked: list[list[str]], *has: str, why: str = "not here") -> Source:
    """A source that has the images named, and notes what it was asked for."""

    def ask(wanted: Sequence[Wanted]) -> Mapping[Wanted, Answer]:
        asked.append([item.reference for item in wanted])
        return {
            item: Answer(item.reference) if item.reference in has else Answer(why=why)
            for item in wanted
        }

    return ask


# The order


def test_each_source_is_asked_only_for_what_is_still_missing() -> None:
    asked: list[list[str]] = []
    sources = {
        "present": source(asked, "redis:7-alpine"),
        "registry": source(asked, "postgres:16-alpine"),
        "build": source(asked),
    }
    outcomes = resolve_all([POSTGRES, REDIS], sources.items())
    assert asked == [["postgres:16-alpine", "redis:7-alpine"], ["postgres:16-alpine"]]
    assert outcomes[REDIS].source == "present"
    assert outcomes[POSTGRES].source == "registry"
    assert [name for name, _ in outcomes[POSTGRES].tried] == ["present"]


def test_the_inventory_decides_the_order() -> None:
    setup = Setup(resolve.Docker("/nowhere"), sources=["build", "present"])
    assert [name for name, _ in setup.ask()] == ["build", "present"]


def test_two_services_of_one_image_are_one_wish() -> None:
    services = parse_services(
        {
            "redis": {"kind": "redis", "image": "redis:7-alpine", "port": 6379},
            "cache": {"kind": "redis", "image": "redis:7-alpine", "port": 6380},
        }
    )
    asked: list[list[str]] = []
    wanted = Setup(resolve.Docker("/nowhere")).wanted(services)
    resolve_all(wanted.values(), [("registry", source(asked, "redis:7-alpine"))])
    assert set(wanted) == {"redis", "cache"}
    assert asked == [["redis:7-alpine"]]


def test_seconds_run_until_the_image_is_here() -> None:
    ticks = iter([10.0, 12.5])
    outcomes = resolve_all(
        [REDIS], [("present", source([], "redis:7-alpine"))], lambda: next(ticks)
    )
    assert outcomes[REDIS].seconds == 2.5


def test_one_error_lists_every_image_and_every_reason() -> None:
    asked: list[list[str]] = []
    build: Source = lambda wanted: {  # noqa: E731
        item: Answer(why="Building failed", lines=("E: no space",)) for item in wanted
    }
    outcomes = resolve_all(
        [POSTGRES, REDIS],
        [
            ("present", source(asked, "redis:7-alpine")),
            ("registry", source(asked, why="no such host")),
            ("build", build),
        ],
    )
    text = str(failure(outcomes))
    assert "postgres:16-alpine" in text
    assert "redis" not in text
    assert text.index("present: not here") < text.index("registry: no such host")
    assert "build: Building failed" in text
    assert "| E: no space" in text
    assert "Next: " in text


def test_nothing_failed_is_no_error() -> None:
    assert failure(resolve_all([REDIS], [("present", source([], "redis:7-alpine"))])) is None


def test_check_mode_promises_nothing_of_a_registry() -> None:
    setup = Setup(resolve.Docker("/nowhere"), sources=["registry"], dry=True)
    outcome = resolve_all([REDIS], setup.ask())[REDIS]
    assert (outcome.source, outcome.used, outcome.settled) == ("registry", "", False)


def test_a_built_image_must_be_of_the_current_recipe() -> None:
    assert POSTGRES.accepts("groundwork/postgres:16.15", {"groundwork.inputs": "abc"})
    assert not POSTGRES.accepts("groundwork/postgres:16.15", {"groundwork.inputs": "old"})
    assert not POSTGRES.accepts("groundwork/postgres:16.15", {})
    assert POSTGRES.accepts("postgres:16-alpine", {})
    anything_goes = Wanted("postgres", "postgres:16-alpine", "groundwork/postgres:16.15")
    assert anything_goes.accepts("groundwork/postgres:16.15", {})


def test_without_the_build_source_any_built_image_will_do() -> None:
    services = parse_services({"redis": {"kind": "redis", "image": "redis:7-alpine", "port": 1}})
    recipes = image_recipes.read_recipes(BUILD_DIR)
    docker = resolve.Docker("/nowhere")
    here = Setup(docker, sources=["present"], recipes=recipes).wanted(services)["redis"]
    builds = Setup(docker, sources=["present", "build"], recipes=recipes).wanted(services)["redis"]
    assert here.built == builds.built == "groundwork/redis:7.0.15"
    assert (here.inputs, len(builds.inputs)) == ("", 64)


# Archives


def test_a_good_archive_is_found_by_the_name_inside_it(tmp_path: Path) -> None:
    path = save(tmp_path / "some name.tar", "redis:7-alpine", "postgres:16-alpine")
    sums(tmp_path, path)
    folder = image_archive.read_folder(tmp_path)
    name, held = image_archive.choose(folder, ["docker.io/library/redis:7-alpine"])
    assert (name, held.path) == ("redis:7-alpine", path)
    image_archive.check_digest(path)


def test_what_was_loaded_is_known_by_its_id_or_by_its_layers(tmp_path: Path) -> None:
    """The second is how an engine that keeps images with containerd shows them."""
    (held,) = image_archive.read(save(tmp_path / "a.tar", "redis:7-alpine")).values()
    for image, expected in (
        ({"Id": f"sha256:{held.digest}"}, True),
        ({"Id": "sha256:manifest", "RootFS": {"Layers": ["sha256:0"]}}, True),
        ({"Id": "sha256:another", "RootFS": {"Layers": ["sha256:1"]}}, False),
        ({"Id": "sha256:another", "RootFS": {"Layers": []}}, False),
        ({"Id": "sha256:another"}, False),
    ):
        assert load.same(held, image) is expected, image


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.97])
def test_a_truncated_archive_is_refused_by_name(tmp_path: Path, share: float) -> None:
    path = save(tmp_path / "redis_7-alpine.tar", "redis:7-alpine")
    whole = path.read_bytes().rstrip(b"\0")  # the end of a tarball is padding
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ArchiveError, match=r"redis_7-alpine\.tar is "):
        image_archive.choose(image_archive.read_folder(tmp_path), ["redis:7-alpine"])


def test_an_archive_with_a_layer_missing_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "whole.tar", "redis:7-alpine")
    cut = tmp_path / "redis_7-alpine.tar"
    with tarfile.open(path) as source_, tarfile.open(cut, "w") as target:
        for member in source_:
            if not member.name.endswith("layer"):
                target.addfile(member, source_.extractfile(member))
    path.unlink()
    with pytest.raises(ArchiveError, match="blobs/0/layer is missing"):
        image_archive.choose(image_archive.read_folder(tmp_path), ["redis:7-alpine"])


def test_an_archive_that_holds_another_image_is_refused_by_name(tmp_path: Path) -> None:
    save(tmp_path / "redis_7-alpine.tar", "redis:6-alpine")
    with pytest.raises(ArchiveError, match=r"redis_7-alpine\.tar holds redis:6-alpine"):
        image_archive.choose(image_archive.read_folder(tmp_path), ["redis:7-alpine"])


def test_no_archive_at_all_says_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(ArchiveError, match=r"no archive in .* holds redis:7-alpine or groundwork"):
        image_archive.choose(image_archive.read_folder(tmp_path), REDIS.names)


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


def test_a_refused_archive_is_a_reason_and_the_next_source_is_asked(tmp_path: Path) -> None:
    (tmp_path / "redis_7-alpine.tar").write_bytes(b"no tarball")
    setup = Setup(resolve.Docker("/nowhere"), sources=["archive"], archive_dir=tmp_path)
    sources = [*setup.ask(), ("build", source([], "redis:7-alpine"))]
    outcome = resolve_all([REDIS], sources)[REDIS]
    assert outcome.source == "build"
    assert "redis_7-alpine.tar" in outcome.tried[0][1].why


def test_a_missing_archive_folder_is_a_reason(tmp_path: Path) -> None:
    setup = Setup(resolve.Docker("/nowhere"), sources=["archive"], archive_dir=tmp_path / "none")
    assert "can't be read" in resolve_all([REDIS], setup.ask())[REDIS].tried[0][1].why


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


# Recipes


def test_every_recipe_is_complete() -> None:
    recipes = image_recipes.read_recipes(BUILD_DIR)
    assert image_recipes.references(BUILD_DIR) == {
        "postgres": "groundwork/postgres:16.15-3",
        "qdrant": "groundwork/qdrant:edge-0.9.0-4",
        "redis": "groundwork/redis:7.0.15",
    }
    for recipe in recipes.values():
        assert recipe.base is not None
        assert recipe.base.debian is not None
        assert (recipe.folder / "Dockerfile").exists()
        if recipe.wheels:
            text = (recipe.folder / recipe.wheels.requirements).read_text(encoding="utf-8")
            assert "--hash=sha256:" in text
            assert "://" not in text, "an index address must not be in the repository"


def test_no_folder_means_nothing_is_built(tmp_path: Path) -> None:
    assert image_recipes.references(tmp_path / "none") == {}


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


def test_a_strict_umask_stays_out_of_the_image(tmp_path: Path) -> None:
    folder = tmp_path / "from here"
    (folder / "__pycache__").mkdir(parents=True)
    script, text = folder / "entrypoint.sh", folder / "config"
    for path, mode in ((script, 0o700), (text, 0o600)):
        path.write_text("x", encoding="utf-8")
        path.chmod(mode)
    copy_context(folder, tmp_path / "to")
    assert (tmp_path / "to" / "entrypoint.sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "to" / "config").stat().st_mode & 0o777 == 0o644
    assert not (tmp_path / "to" / "__pycache__").exists()


def test_cached_wheels_count_only_with_their_digest(tmp_path: Path) -> None:
    wheel = tmp_path / "a-1-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    pinned = f"a==1 --hash=sha256:{hashlib.sha256(b'wheel').hexdigest()}"
    assert whole_wheels(tmp_path, pinned) == [wheel]
    wheel.write_bytes(b"whee")
    assert whole_wheels(tmp_path, pinned) == []
    assert whole_wheels(tmp_path / "none", pinned) == []


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
    """A stand-in for the kernel's answer: mounting a folder without programs needs root."""
    for flag, used in ((os.ST_NOEXEC, "/var/tmp"), (os.ST_NODEV, "/tmp")):
        monkeypatch.setattr(os, "statvfs", lambda _, flag=flag: SimpleNamespace(f_flag=flag))
        assert temporary("/tmp") == {"TMPDIR": used}
