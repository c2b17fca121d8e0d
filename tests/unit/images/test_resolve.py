"""Each source is asked for what is still missing, and one error tells all that was tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.images import resolve
from ansible.module_utils.groundwork.images.resolve import (
    Source,
    SourceAnswer,
    WantedImage,
    failure,
    resolve_all,
)
from ansible.module_utils.groundwork.images.setup import Setup

POSTGRES = WantedImage("postgres", "postgres:16-alpine", "groundwork/postgres:16.15", "abc")
REDIS = WantedImage("redis", "redis:7-alpine", "groundwork/redis:7.0.15", "def")


def fake_source(asked: list[list[str]], *has: str, why: str = "not here") -> Source:
    """A source that has the images named, and notes what it was asked for."""

    def ask(wanted: Sequence[WantedImage]) -> Mapping[WantedImage, SourceAnswer]:
        asked.append([item.reference for item in wanted])
        return {
            item: SourceAnswer(item.reference) if item.reference in has else SourceAnswer(why=why)
            for item in wanted
        }

    return ask


def test_each_source_is_asked_only_for_what_is_still_missing() -> None:
    asked: list[list[str]] = []
    sources = {
        "present": fake_source(asked, "redis:7-alpine"),
        "registry": fake_source(asked, "postgres:16-alpine"),
        "build": fake_source(asked),
    }
    outcomes = resolve_all([POSTGRES, REDIS], sources.items())
    assert asked == [["postgres:16-alpine", "redis:7-alpine"], ["postgres:16-alpine"]]
    assert outcomes[REDIS].source == "present"
    assert outcomes[POSTGRES].source == "registry"
    assert [name for name, _ in outcomes[POSTGRES].tried] == ["present"]


def test_two_services_of_one_image_are_one_wish() -> None:
    services = parse_services(
        {
            "redis": {"kind": "redis", "image": "redis:7-alpine", "port": 6379},
            "cache": {"kind": "redis", "image": "redis:7-alpine", "port": 6380},
        }
    )
    asked: list[list[str]] = []
    wanted = Setup(resolve.Docker("/nowhere")).wanted(services)
    resolve_all(wanted.values(), [("registry", fake_source(asked, "redis:7-alpine"))])
    assert set(wanted) == {"redis", "cache"}
    assert asked == [["redis:7-alpine"]]


def test_seconds_run_until_the_image_is_here() -> None:
    ticks = iter([10.0, 12.5])
    outcomes = resolve_all(
        [REDIS], [("present", fake_source([], "redis:7-alpine"))], lambda: next(ticks)
    )
    assert outcomes[REDIS].seconds == 2.5


def test_one_error_lists_every_image_and_every_reason() -> None:
    asked: list[list[str]] = []
    build: Source = lambda wanted: {  # noqa: E731
        item: SourceAnswer(why="Building failed", lines=("E: no space",)) for item in wanted
    }
    outcomes = resolve_all(
        [POSTGRES, REDIS],
        [
            ("present", fake_source(asked, "redis:7-alpine")),
            ("registry", fake_source(asked, why="no such host")),
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
    assert failure(resolve_all([REDIS], [("present", fake_source([], "redis:7-alpine"))])) is None


def test_a_built_image_must_be_of_the_current_recipe() -> None:
    assert POSTGRES.accepts("groundwork/postgres:16.15", {"groundwork.inputs": "abc"})
    assert not POSTGRES.accepts("groundwork/postgres:16.15", {"groundwork.inputs": "old"})
    assert not POSTGRES.accepts("groundwork/postgres:16.15", {})
    assert POSTGRES.accepts("postgres:16-alpine", {})
    anything_goes = WantedImage("postgres", "postgres:16-alpine", "groundwork/postgres:16.15")
    assert anything_goes.accepts("groundwork/postgres:16.15", {})


def test_a_refused_archive_is_a_reason_and_the_next_source_is_asked(tmp_path: Path) -> None:
    (tmp_path / "redis_7-alpine.tar").write_bytes(b"no tarball")
    setup = Setup(resolve.Docker("/nowhere"), sources=["archive"], archive_dir=tmp_path)
    sources = [*setup.ask(), ("build", fake_source([], "redis:7-alpine"))]
    outcome = resolve_all([REDIS], sources)[REDIS]
    assert outcome.source == "build"
    assert "redis_7-alpine.tar" in outcome.tried[0][1].why
