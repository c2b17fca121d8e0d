"""Images are inspected once, until another one may have come."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.docker.cli import CommandResult, Docker
from ansible.module_utils.groundwork.images import archive, build, load, registry
from ansible.module_utils.groundwork.images.here import Here
from ansible.module_utils.groundwork.images.recipes import read_recipes
from ansible.module_utils.groundwork.images.resolve import (
    ImageResult,
    WantedImage,
    ids,
    report,
    resolve_all,
)
from ansible.module_utils.groundwork.images.setup import Setup
from tarballs import save

OFFICIAL, BUILT = "redis:7", "groundwork/redis:7.0.15"
REDIS = WantedImage("redis", OFFICIAL, BUILT)
RECIPES = read_recipes(Path(__file__).resolve().parents[3] / "images")


@dataclass(frozen=True)
class Engine(Docker):
    """An engine with images by name, their ids; it counts how often it is asked for them."""

    images: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, *args: str, **options: Any) -> CommandResult:
        if args[:2] != ("image", "inspect"):
            return CommandResult(0, "amd64\n", "")
        self.asked.append(args[2:])
        names = [name for name in args[2:] if name in self.images]
        found = [
            {
                "Id": self.images[name],
                "RepoTags": [name],
                "Architecture": "amd64",
                "Config": {"Labels": {"groundwork.flavour": "redis"}},
            }
            for name in names
        ]
        missing = "" if len(found) == len(args[2:]) else "No such image"
        return CommandResult(int(bool(missing)), json.dumps(found), missing)


def brought(setup: Setup) -> ImageResult:
    """As the module asks."""
    wanted = {"redis": REDIS}
    before = ids(setup.here, wanted)
    outcomes = resolve_all(wanted.values(), setup.ask())
    return report(setup.docker, setup.here, wanted, outcomes, before)["redis"]


def test_what_is_known_is_not_asked_again() -> None:
    engine = Engine(images={BUILT: "1"})
    here = Here(engine)
    assert [*here.inspect([OFFICIAL, BUILT])] == [BUILT]
    assert here.inspect([OFFICIAL]) == {}
    assert [*here.inspect(["other", BUILT])] == [BUILT]
    assert engine.asked == [(BUILT, OFFICIAL), ("other",)]
    engine.images[OFFICIAL] = "2"
    here.forget()
    assert [*here.inspect([OFFICIAL])] == [OFFICIAL]


def test_where_nothing_comes_the_engine_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = CommandResult(1, "", "dial tcp: no such host")
    monkeypatch.setattr(registry, "runner", lambda _: lambda args: answer)
    engine = Engine(images={BUILT: "1"})
    found = brought(Setup(engine))
    assert (found.used, found.source, found.changed) == (BUILT, "present", False)
    assert engine.asked == [(BUILT, OFFICIAL)]


@pytest.mark.parametrize("source", ["registry", "archive", "build"])
def test_what_a_source_brings_is_seen(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(images={"before": "0"})

    def pull(args: Sequence[str]) -> CommandResult:
        engine.images[OFFICIAL] = "2"
        return CommandResult(0, "", "")

    def loads(docker: Docker, held: archive.Held, name: str) -> None:
        engine.images[OFFICIAL] = "2"

    def builds(self: build.Builder, recipes: Sequence[Any]) -> dict[str, Any]:
        engine.images[BUILT] = "2"
        return {}

    monkeypatch.setattr(registry, "runner", lambda _: pull)
    monkeypatch.setattr(load, "load", loads)
    monkeypatch.setattr(build.Builder, "build", builds)
    monkeypatch.setattr(build, "missing_tools", lambda *_: [])
    save(tmp_path / "redis.tar", OFFICIAL)
    setup = Setup(
        engine, sources=[source], archive_dir=tmp_path, recipes=RECIPES, cache_dir=tmp_path
    )
    found = brought(setup)
    assert (found.source, found.id, found.changed) == (source, "2", True)
