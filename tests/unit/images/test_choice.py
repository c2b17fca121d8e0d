"""Which image runs a service, of those that are here, and when a better one is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.docker.cli import Docker, Result
from ansible.module_utils.groundwork.images import choice, formats
from ansible.module_utils.groundwork.images.choice import Here, ImageChoice, Known
from ansible.module_utils.groundwork.images.resolve import Answer, Wanted, failure, resolve_all
from ansible.module_utils.groundwork.images.sources import Setup
from ansible.module_utils.groundwork.services import SERVICE_TYPES

ALL = ["present", "archive", "registry", "build"]
SHA = "sha256:" + "0123456789abcdef" * 4
OFFICIAL, BUILT = "postgres:16-alpine", "groundwork/postgres:16.15"
POSTGRES = Wanted("postgres", OFFICIAL, BUILT, "recipe")
REDIS = Wanted("redis", "redis:7.4-alpine", "groundwork/redis:7.0.15", "recipe")
MUSL, GLIBC = "postgres-16-musl", "postgres-16-glibc"
NOTHING = Known(None, "", "")


def here(**storage_formats: str) -> Here:
    """The images `official`, `built` and `older` (an older recipe's), by their storage formats."""
    names = {"official": OFFICIAL, "built": BUILT, "older": BUILT}
    images, known = {}, {}
    for key, storage_format in storage_formats.items():
        labels = {"built": {"groundwork.inputs": "recipe"}, "older": {"groundwork.inputs": "old"}}
        images[names[key]] = {"Id": key, "Config": {"Labels": labels.get(key, {})}}
        known[names[key]] = storage_format
    return Here(images, known)


def volume(storage_format: str, container: str = "", last: str = "") -> Known:
    return Known(storage_format, container, last)


def choose(
    found: Here, known: Known, sources: Sequence[str] = ALL, renew: bool = False
) -> ImageChoice:
    return choice.choose(POSTGRES, found, known, sources, renew)


def test_without_data_the_official_image_is_asked_for_before_a_built_one_is_taken() -> None:
    chosen = choose(here(built=GLIBC), NOTHING)
    assert chosen.reference == BUILT
    assert chosen.due == f"{OFFICIAL} is not here; {BUILT}, which can stand in for it, is"
    assert not chosen.kept


def test_a_container_or_data_of_the_built_one_keep_it_and_nobody_is_asked() -> None:
    for known in (Known(None, "built", BUILT), volume(GLIBC, last=BUILT), volume(GLIBC)):
        chosen = choose(here(built=GLIBC), known)
        assert (chosen.reference, chosen.due, chosen.kept) == (BUILT, "", True), known
    assert choose(here(built=GLIBC), volume(GLIBC)).why == f"its data are {GLIBC}"


def test_a_built_one_of_an_older_name_made_the_data_as_well() -> None:
    chosen = choose(here(built=GLIBC), volume(GLIBC, last="groundwork/postgres:16.9"))
    assert chosen.kept


def test_data_of_the_built_one_wait_for_it_where_the_official_one_is_here() -> None:
    for found in (here(official=MUSL), here(official=MUSL, older=GLIBC)):
        chosen = choose(found, volume(GLIBC, last=BUILT))
        assert (chosen.reference, chosen.kept) == ("", True)
        assert BUILT in chosen.due
        assert OFFICIAL not in chosen.due


def test_the_official_one_takes_over_where_the_data_allow_it() -> None:
    chosen = choose(here(official=GLIBC, built=GLIBC), volume(GLIBC, "built", BUILT))
    assert (chosen.reference, chosen.due, chosen.kept) == (OFFICIAL, "", False)
    chosen = choose(here(official=MUSL, built=GLIBC), volume(GLIBC, "built", BUILT))
    assert (chosen.reference, chosen.due) == (BUILT, "")
    assert chosen.why == f"its data are {GLIBC}"


def test_data_of_the_official_image_dont_bind_to_the_built_one_of_the_same_format() -> None:
    chosen = choose(here(built=GLIBC), volume(GLIBC, last="postgres:16"))
    assert chosen.due
    assert not chosen.kept


def test_redis_data_bind_to_no_image() -> None:
    images = {REDIS.built: {"Id": "b", "Config": {"Labels": {"groundwork.inputs": "recipe"}}}}
    found = Here(images, {REDIS.built: "redis"})
    assert choice.choose(REDIS, found, volume("redis", last=REDIS.built), ALL).due
    running = choice.choose(REDIS, found, volume("redis", "b", REDIS.built), ALL)
    assert (running.due, running.kept) == ("", True)
    assert running.why == "its container is made from it"


def test_a_registry_alone_never_gives_way_to_a_built_one() -> None:
    chosen = choose(here(built=GLIBC), NOTHING, ["registry"])
    assert chosen.reference == ""
    assert OFFICIAL in chosen.due
    assert choose(here(built=GLIBC), volume(GLIBC, last=BUILT), ["registry"]).reference == BUILT


def test_where_nobody_can_have_it_nobody_is_asked() -> None:
    for sources in (["present"], ["present", "build"]):
        assert choose(here(built=GLIBC), NOTHING, sources).due == ""


def test_a_source_that_comes_before_building_is_asked_first() -> None:
    for sources in (["present", "archive", "build"], ["registry", "build", "present"]):
        assert choose(here(built=GLIBC), NOTHING, sources).due, sources
    assert choose(here(built=GLIBC), NOTHING, ["present", "build", "registry"]).due == ""


def test_a_tag_that_moved_is_no_longer_the_image_that_served_the_volume() -> None:
    chosen = choose(here(official=MUSL), volume(GLIBC, "gone", OFFICIAL))
    assert chosen.storage_format == MUSL


def test_to_renew_asks_again_but_not_for_a_digest() -> None:
    assert "newer" in choose(here(official=MUSL), volume(MUSL), renew=True).due
    renewed = choose(here(built=GLIBC), volume(GLIBC, "built", BUILT), renew=True)
    assert "newer" in renewed.due
    assert not renewed.kept
    pinned = Wanted("postgres", f"postgres@{SHA}")
    found = Here({pinned.reference: {"Id": "p", "Config": {}}}, {pinned.reference: MUSL})
    assert choice.choose(pinned, found, NOTHING, ALL, renew=True).due == ""


def test_an_image_that_has_served_a_volume_fits_it_whatever_the_label_guessed() -> None:
    """Labels of older volumes were told by the word `alpine` in the image's name."""
    pinned = Wanted("postgres", f"postgres@{SHA}")
    found = Here({pinned.reference: {"Id": "p", "Config": {}}}, {pinned.reference: MUSL})
    for known in (volume(GLIBC, container="p"), volume(GLIBC, last=pinned.reference)):
        assert choice.choose(pinned, found, known, ALL).storage_format == GLIBC
    assert choice.choose(pinned, found, volume(GLIBC), ALL).storage_format == MUSL


# The order of the sources, and a registry that refuses


def answers(setup: Setup, monkeypatch: pytest.MonkeyPatch, registry: Answer) -> list[str]:
    """The setup's sources with that registry, with nothing here; the names that were asked."""
    asked: list[str] = []

    def source(name: str, answer: Answer) -> Any:
        def ask(self: Setup, wanted: Sequence[Wanted]) -> Mapping[Wanted, Answer]:
            asked.append(f"{name} {wanted[0].names[-1]}")
            return {item: answer if item.names else Answer() for item in wanted}

        return ask

    monkeypatch.setattr(Setup, "_registry", source("registry", registry))
    monkeypatch.setattr(Setup, "_present", source("present", Answer(why="not here")))
    monkeypatch.setattr(Setup, "_build", source("build", Answer(why="no tools")))
    return asked


def test_what_was_built_and_is_merely_here_comes_after_the_registry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setup = Setup(Docker("/nowhere"), sources=["present", "registry", "build"])
    asked = answers(setup, monkeypatch, Answer(why="no registry in reach"))
    resolve_all([POSTGRES], setup.ask())
    assert asked == [
        f"present {OFFICIAL}",
        f"registry {BUILT}",
        f"present {BUILT}",
        f"build {BUILT}",
    ]


def test_nothing_takes_the_place_of_an_image_that_a_registry_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setup = Setup(Docker("/nowhere"), sources=["present", "registry", "build"])
    refusal = Answer(why="no such tag", final=True, next_step="Correct its tag.")
    asked = answers(setup, monkeypatch, refusal)
    outcomes = resolve_all([POSTGRES], setup.ask())
    assert asked[2:] == [f"present {OFFICIAL}", f"build {OFFICIAL}"]
    assert setup.lacking(outcomes) == [], "no tools are installed for it"
    error = failure(outcomes)
    assert error is not None
    assert error.next_step == "Correct its tag. What is here already stays."


def test_no_registry_is_asked_for_what_is_kept() -> None:
    kept = Wanted("postgres", OFFICIAL, BUILT, "recipe", kept=True)
    assert kept.names == (BUILT,)
    setup = Setup(Docker("/nowhere"), sources=["registry"])
    assert resolve_all([kept], setup.ask())[kept].tried == ()


def test_only_the_registry_renews() -> None:
    setup = Setup(Docker("/nowhere"), sources=ALL, renew=True)
    assert [name for name, _ in setup.ask()] == ["present", "registry"]


# What an image says of itself


@pytest.mark.parametrize(
    ("kind", "labels", "env", "said", "storage_format"),
    [
        ("postgres", {}, {}, "postgres (PostgreSQL) 16.4\n/lib/ld-musl-x86_64.so.1\n", MUSL),
        (
            *("postgres", {}, {"PG_MAJOR": "15"}),
            *("postgres (PostgreSQL) 16.4 (Debian 16.4-1)\n/lib64/ld-linux-x86-64.so.2\n", GLIBC),
        ),
        ("postgres", {}, {"PG_MAJOR": "17"}, "/lib/ld-linux-aarch64.so.1\n", "postgres-17-glibc"),
        ("postgres", {}, {"PG_MAJOR": "16"}, "/lib64/ld64.so.2\n", GLIBC),
        ("postgres", {}, {"PG_MAJOR": "16"}, "", "postgres-16-unknown"),
        ("postgres", {"groundwork.major": "16", "groundwork.libc": "glibc"}, {}, "", GLIBC),
        (
            *("postgres", {"groundwork.major": "16", "groundwork.libc": "glibc"}, {}),
            *("postgres (PostgreSQL) 17.1\n/lib/ld-musl-x86_64.so.1\n", "postgres-16-glibc"),
        ),
        ("redis", {"groundwork.major": "7"}, {}, "", "redis"),
        ("qdrant", {"groundwork.inputs": "abc"}, {}, "", "qdrant-edge"),
        ("qdrant", {}, {}, "", "qdrant-server"),
    ],
)
def test_an_image_tells_its_flavour_and_its_name_doesnt(
    kind: str, labels: dict[str, str], env: dict[str, str], said: str, storage_format: str
) -> None:
    assert SERVICE_TYPES[kind].storage_format(labels, env, said) == storage_format


def test_labels_tell_without_asking_and_a_name_tells_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Docker, "run", lambda *_, **__: pytest.fail("the image was asked"))
    labels = {"groundwork.major": "16", "groundwork.libc": "glibc"}
    image = {"Id": "sha256:1", "Config": {"Labels": labels}}
    kinds = {OFFICIAL: SERVICE_TYPES["postgres"]}
    assert formats.find(Docker(), {OFFICIAL: image}, kinds) == {OFFICIAL: GLIBC}


def test_the_newest_answers_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(formats, "_MOST", 1)
    said = Result(0, "postgres (PostgreSQL) 16.4\n/lib/ld-musl-x86_64.so.1\n", "")
    monkeypatch.setattr(Docker, "run", lambda *_, **__: said)
    kinds = {"a": SERVICE_TYPES["postgres"]}
    for number in (1, 2):
        formats.find(Docker(), {"a": {"Id": f"sha256:{number}", "Config": {}}}, kinds)
    memory = tmp_path / "groundwork" / "image-flavours.json"
    assert json.loads(memory.read_text(encoding="utf-8")) == {"postgres sha256:2": MUSL}


def test_an_image_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    asked: list[Sequence[str]] = []
    said = Result(0, "postgres (PostgreSQL) 16.4\n/lib/ld-musl-x86_64.so.1\n", "")

    def run(self: Docker, *args: str, **options: Any) -> Result:
        asked.append(args)
        return said

    monkeypatch.setattr(Docker, "run", run)
    image = {"Id": "sha256:1", "Config": {"Labels": None, "Env": ["PG_MAJOR=16"]}}
    kinds = dict.fromkeys(("a", f"a@{SHA}"), SERVICE_TYPES["postgres"])
    for name in kinds:  # the same image by another name isn't asked again
        assert formats.find(Docker(), {name: image}, kinds) == {name: MUSL}
    assert len(asked) == 1
    assert "--network" in asked[0]
    formats.find(Docker(), {"a": image | {"Id": "sha256:2"}}, kinds)
    assert len(asked) == 2


@pytest.mark.parametrize("text", ["{", "[]", '{"postgres sha256:1": 5}'])
def test_a_memory_that_cant_be_read_is_asked_again_or_harmless(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    memory = tmp_path / "groundwork" / "image-flavours.json"
    memory.parent.mkdir()
    memory.write_text(text, encoding="utf-8")
    said = Result(0, "postgres (PostgreSQL) 16.4\n/lib/ld-musl-x86_64.so.1\n", "")
    monkeypatch.setattr(Docker, "run", lambda *_, **__: said)
    image = {"Id": "sha256:1", "Config": {}}
    kinds = {"a": SERVICE_TYPES["postgres"]}
    assert formats.find(Docker(), {"a": image}, kinds) == {"a": MUSL}
    assert json.loads(memory.read_text(encoding="utf-8")) == {"postgres sha256:1": MUSL}


def test_an_image_that_says_nothing_is_unknown_and_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    said = Result(127, "/lib/ld-musl-x86_64.so.1\n", "killed")
    monkeypatch.setattr(Docker, "run", lambda *_, **__: said)
    image = {"Id": "sha256:1", "Config": {"Env": ["PG_MAJOR=16"]}}
    found = formats.find(Docker(), {"a": image}, {"a": SERVICE_TYPES["postgres"]})
    assert found == {"a": "postgres-16-unknown"}
    assert not (tmp_path / "groundwork").exists()
