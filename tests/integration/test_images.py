"""Images on the real engine: archives saved and loaded, a registry out of reach, names."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.images import archive as image_archive
from ansible.module_utils.groundwork.images import save
from ansible.module_utils.groundwork.images.resolve import Resolution, WantedImage, resolve_all
from ansible.module_utils.groundwork.images.setup import Setup
from references import BAD, GOOD, IDENTITY

from .images import DOCKER


def one(setup: Setup, reference: str) -> Resolution:
    wanted = WantedImage("redis", reference)
    return resolve_all([wanted], setup.ask())[wanted]


def archived(reference: str, directory: Path) -> Path:
    """The image in an archive, and no longer on the engine."""
    directory.mkdir()
    path = directory / image_archive.file_name(reference)
    assert DOCKER.run("save", "--output", str(path), reference).ok
    assert DOCKER.run("rmi", reference).ok
    return path


def test_images_are_saved_once_whole_and_with_their_digests(tiny: str, tmp_path: Path) -> None:
    directory = tmp_path / "archives of ours"
    assert save.missing(DOCKER, [tiny], directory) == [tiny]
    save.save(DOCKER, [tiny], directory)
    assert save.missing(DOCKER, [tiny], directory) == []
    path = directory / image_archive.file_name(tiny)
    assert sorted(directory.iterdir()) == sorted([directory / image_archive.SUMS, path])
    image_archive.check_digest(path)
    (directory / image_archive.SUMS).unlink()
    assert save.missing(DOCKER, [tiny], directory) == [tiny]
    save.save(DOCKER, [tiny], directory)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert save.missing(DOCKER, [tiny], directory) == [tiny]
    save.save(DOCKER, [tiny], directory)
    # The same name, another image
    assert DOCKER.run("build", "--tag", tiny, "-", stdin=f"FROM {tiny}\nLABEL other=1\n").ok
    assert save.missing(DOCKER, [tiny], directory) == [tiny]
    with pytest.raises(GroundworkError, match="no image groundwork-test/none:1 to save"):
        save.missing(DOCKER, [tiny, "groundwork-test/none:1"], directory)
    save.save(DOCKER, [tiny], directory)
    assert DOCKER.run("rmi", "--force", tiny).ok
    setup = Setup(DOCKER, sources=["archive"], archive_dir=directory)
    assert one(setup, tiny).source == "archive"


def test_an_archive_brings_its_image_back_and_then_it_is_present(tiny: str, tmp_path: Path) -> None:
    image = DOCKER.inspect("image", [tiny])[tiny]
    before = image["Id"]
    directory = tmp_path / "archives of ours"
    path = archived(tiny, directory)
    assert image_archive.read(path)[tiny].architecture == image["Architecture"]
    line = f"{image_archive.digest(path)}  {path.name}\n"
    (directory / image_archive.SUMS).write_text(line, encoding="utf-8")
    setup = Setup(DOCKER, sources=["present", "archive"], archive_dir=directory)
    dry = Setup(DOCKER, sources=["present", "archive"], archive_dir=directory, dry=True)

    assert one(dry, tiny).source == "archive"
    assert DOCKER.inspect("image", [tiny]) == {}, "check mode loaded something"
    assert one(setup, tiny).source == "archive"
    assert DOCKER.inspect("image", [tiny])[tiny]["Id"] == before
    again = one(setup, tiny)
    assert (again.source, again.used) == ("present", tiny)


def test_a_truncated_archive_is_refused_before_the_engine_sees_it(
    tiny: str, tmp_path: Path
) -> None:
    path = archived(tiny, tmp_path / "archives")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    outcome = one(Setup(DOCKER, sources=["archive"], archive_dir=path.parent), tiny)
    assert outcome.source == ""
    assert str(path) in outcome.tried[0][1].why
    assert DOCKER.inspect("image", [tiny]) == {}


def test_a_registry_out_of_reach_says_so_at_once() -> None:
    setup = Setup(DOCKER, sources=["registry"])
    started = time.monotonic()
    # Port 1 of the engine's own host: nothing listens there
    outcome = one(setup, f"127.0.0.1:1/groundwork-test/none-{uuid.uuid4().hex[:8]}:1")
    assert "no registry in reach" in outcome.tried[0][1].why
    assert time.monotonic() - started < 60, "people would wait for it"


def test_docker_takes_and_refuses_the_names_that_we_do() -> None:
    def looked_for(reference: str) -> str:
        return DOCKER.run("image", "inspect", "--", reference).error.lower()

    def used(reference: str) -> str:  # a look isn't as strict with them as a use is
        return DOCKER.run("create", "--pull", "never", "--", reference).error.lower()

    with ThreadPoolExecutor(4) as pool:
        taken, refused = list(pool.map(looked_for, GOOD)), list(pool.map(used, BAD))
    for reference, words in zip(GOOD, taken, strict=True):
        assert not words or "no such image" in words, (reference, words)
    for reference, words in zip(BAD, refused, strict=True):
        assert words and "no such image" not in words, (reference, words)
    assert f"no such image: sha256:{IDENTITY}" in used(IDENTITY)
