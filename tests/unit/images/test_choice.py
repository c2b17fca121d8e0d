"""Which image runs a service, of those that are here, and when a better one is asked for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from ansible.module_utils.groundwork.images import choice
from ansible.module_utils.groundwork.images.choice import ImageChoice, Known, Present
from ansible.module_utils.groundwork.images.resolve import WantedImage
from ansible.module_utils.groundwork.images.sources import SOURCES
from invented_source import DEPOT

ALL = ["present", "archive", "registry", "build"]
SHA = "sha256:" + "0123456789abcdef" * 4
OFFICIAL, BUILT = "postgres:16-alpine", "groundwork/postgres:16.15"
POSTGRES = WantedImage("postgres", OFFICIAL, BUILT, "recipe")
REDIS = WantedImage("redis", "redis:7.4-alpine", "groundwork/redis:7.0.15", "recipe")
MUSL, GLIBC = "postgres-16-musl", "postgres-16-glibc"
NOTHING = Known(None, "", "")


def here(**storage_formats: str) -> Present:
    """The images `official`, `built` and `older` (an older recipe's), by their storage formats."""
    names = {"official": OFFICIAL, "built": BUILT, "older": BUILT}
    images, known = {}, {}
    for key, storage_format in storage_formats.items():
        labels = {"built": {"groundwork.inputs": "recipe"}, "older": {"groundwork.inputs": "old"}}
        images[names[key]] = {"Id": key, "Config": {"Labels": labels.get(key, {})}}
        known[names[key]] = storage_format
    return Present(images, known)


def volume(storage_format: str, container: str = "", last: str = "") -> Known:
    return Known(storage_format, container, last)


def choose(
    found: Present, known: Known, sources: Sequence[str] = ALL, renew: bool = False
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
    found = Present(images, {REDIS.built: "redis"})
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


def test_a_new_source_of_official_images_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, "depot", DEPOT)
    assert choose(here(built=GLIBC), NOTHING, ["present", "depot", "build"]).due
    assert choose(here(built=GLIBC), NOTHING, ["depot"]).reference == "", "it has none of ours"


def test_a_tag_that_moved_is_no_longer_the_image_that_served_the_volume() -> None:
    chosen = choose(here(official=MUSL), volume(GLIBC, "gone", OFFICIAL))
    assert chosen.storage_format == MUSL


def test_to_renew_asks_again_but_not_for_a_digest() -> None:
    assert "newer" in choose(here(official=MUSL), volume(MUSL), renew=True).due
    renewed = choose(here(built=GLIBC), volume(GLIBC, "built", BUILT), renew=True)
    assert "newer" in renewed.due
    assert not renewed.kept
    pinned = WantedImage("postgres", f"postgres@{SHA}")
    found = Present({pinned.reference: {"Id": "p", "Config": {}}}, {pinned.reference: MUSL})
    assert choice.choose(pinned, found, NOTHING, ALL, renew=True).due == ""


def test_an_image_that_has_served_a_volume_fits_it_whatever_the_label_guessed() -> None:
    """Labels of older volumes were told by the word `alpine` in the image's name."""
    pinned = WantedImage("postgres", f"postgres@{SHA}")
    found = Present({pinned.reference: {"Id": "p", "Config": {}}}, {pinned.reference: MUSL})
    for known in (volume(GLIBC, container="p"), volume(GLIBC, last=pinned.reference)):
        assert choice.choose(pinned, found, known, ALL).storage_format == GLIBC
    assert choice.choose(pinned, found, volume(GLIBC), ALL).storage_format == MUSL
