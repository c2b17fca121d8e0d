"""The sources: their order, and what a registry that fails or brings the wrong image means."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.docker.cli import CommandResult, Docker
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.images import registry
from ansible.module_utils.groundwork.images.recipes import read_recipes
from ansible.module_utils.groundwork.images.resolve import (
    Resolution,
    SourceAnswer,
    WantedImage,
    failure,
    refused,
    resolve_all,
)
from ansible.module_utils.groundwork.images.setup import Setup, checked_prefix
from ansible.module_utils.groundwork.images.sources import SOURCES
from grpc_stack import PLAIN, QDRANT
from invented_source import DEPOT
from references import SHA

BUILD_DIR = Path(__file__).resolve().parents[3] / "images"
BUILT_REDIS = "groundwork/redis:7.0.15"
REDIS = WantedImage("redis", "redis:7", BUILT_REDIS, "recipe")
ALL = ["present", "archive", "registry", "build"]
OFFICIAL, BUILT = "postgres:16-alpine", "groundwork/postgres:16.15"
POSTGRES = WantedImage("postgres", OFFICIAL, BUILT, "recipe")


@dataclass(frozen=True)
class Engine(Docker):
    """An amd64 engine with images by name; `says` is how a shell in a foreign one ends."""

    images: dict[str, dict[str, Any]] = field(default_factory=dict)
    says: CommandResult = field(default_factory=lambda: CommandResult(0, "", ""))

    def run(self, *args: str, **options: Any) -> CommandResult:
        match args:
            case ("version", *_):
                return CommandResult(0, "amd64\n", "")
            case ("image", "inspect", *names):
                found = [self.images[name] for name in names if name in self.images]
                return CommandResult(
                    int(len(found) < len(names)), json.dumps(found), "No such image"
                )
            case ("image", "rm", name):
                del self.images[name]
            case ("tag", identity, name):
                self.images[name] = image(identity)
            case ("run", *_):
                return self.says
        return CommandResult(0, "", "")


def image(identity: str, architecture: str = "amd64", **labels: str) -> dict[str, Any]:
    return {"Id": identity, "Architecture": architecture, "Config": {"Labels": labels}}


def ask(
    monkeypatch: pytest.MonkeyPatch,
    engine: Engine,
    came: dict[str, Any] | None = None,
    error: str = "",
    renew: bool = False,
) -> Resolution:
    """The outcome for REDIS where a pull brings that image, or says that."""

    def pull(args: Sequence[str]) -> CommandResult:
        if came:
            engine.images[args[1]] = came
        return CommandResult(0 if came else 1, "", error)

    monkeypatch.setattr(registry, "runner", lambda _: pull)
    setup = Setup(engine, sources=["present", "registry", "build"], renew=renew)
    return resolve_all([REDIS], setup.ask())[REDIS]


def built() -> dict[str, dict[str, Any]]:
    return {BUILT_REDIS: image("built", **{"groundwork.inputs": "recipe"})}


@pytest.mark.parametrize(
    "words",
    [
        "manifest for redis:7 not found: manifest unknown",
        "unauthorized: authentication required",
        "toomanyrequests: slow down",
        "no matching manifest for linux/amd64",
        "something that nobody has ever seen",
    ],
)
def test_what_a_registry_refuses_is_an_error_and_nothing_takes_its_place(
    words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = ask(monkeypatch, Engine(images=built()), error=words)
    assert (outcome.source, outcome.used) == ("", "")
    error = failure({REDIS: outcome})
    assert error is not None
    assert words in str(error)


def test_out_of_reach_what_was_built_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = ask(monkeypatch, Engine(images=built()), error="dial tcp: no such host")
    assert (outcome.source, outcome.used) == ("present", BUILT_REDIS)


def test_to_renew_out_of_reach_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(images=built() | {"redis:7": image("old")})
    outcome = ask(monkeypatch, engine, error="dial tcp: no such host", renew=True)
    assert outcome.source == ""
    assert "no registry in reach" in outcome.tried[-1][1].why
    assert refused(outcome), "no tools are installed to build another"


def test_a_digest_is_never_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = WantedImage("redis", f"redis@{SHA}")
    monkeypatch.setattr(registry, "runner", lambda _: pytest.fail)
    setup = Setup(Engine(images={pinned.reference: image("p")}), renew=True)
    assert resolve_all([pinned], setup.ask())[pinned].source == "present"


def test_to_renew_without_a_registry_is_refused() -> None:
    with pytest.raises(GroundworkError, match="images_renew asks the registry"):
        Setup(Engine(), sources=["present", "build"], renew=True).ask()


def test_a_service_asks_the_mirror_and_a_built_one_stands_in_for_the_official_one_alone() -> None:
    setup = Setup(Engine(), recipes=read_recipes(BUILD_DIR), registry="mirror.example.com/hub")
    images = ["redis:7", "valkey/valkey:7", "other.example.com/library/redis:7", "redis:6"]
    services = {
        f"r{port}": {"kind": "redis", "port": port, "image": name}
        for port, name in enumerate(images, 6379)
    }
    wanted = setup.wanted(parse_services(services)).values()
    assert [(item.reference, item.built) for item in wanted] == [
        ("mirror.example.com/hub/redis:7", BUILT_REDIS),
        ("mirror.example.com/hub/valkey/valkey:7", ""),
        ("other.example.com/library/redis:7", BUILT_REDIS),
        ("mirror.example.com/hub/redis:6", ""),
    ]


@pytest.mark.parametrize("shell", ["exec /bin/sh: exec format error", 'exec: "sh": not found'])
def test_an_image_for_another_processor_is_removed_and_the_one_from_before_keeps_its_name(
    shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for before in ({}, {"redis:7": image("old")}):
        engine = Engine(images=dict(before), says=CommandResult(127, "", shell))
        outcome = ask(monkeypatch, engine, came=image("foreign", "arm64"), renew=True)
        assert outcome.source == ""
        assert "for arm64 alone" in outcome.tried[-1][1].why
        assert engine.images == before


def test_an_image_for_another_processor_that_runs_here_will_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert ask(monkeypatch, Engine(), came=image("foreign", "arm64")).used == "redis:7"


@pytest.mark.parametrize(
    ("prefix", "good"),
    [
        ("mirror.example.com/hub", True),
        ("mirror.example.com:5000", True),
        ("localhost:5000/a/b", True),
        ("", True),
        ("https://mirror.example.com", False),
        ("mirror.example.com/hub/", False),
        ("mirror.example.com/hub:1", False),
        ("hub", False),
        ("team/hub", False),
        ("mirror.example.com/Hub", False),
    ],
)
def test_a_mirrors_prefix_is_checked(prefix: str, good: bool) -> None:
    if good:
        assert checked_prefix(prefix) == prefix
    else:
        with pytest.raises(GroundworkError, match="images_registry"):
            checked_prefix(prefix)


def test_what_is_built_does_not_stand_in_for_grpc_and_says_why(tmp_path: Path) -> None:
    setup = Setup(Docker(), ("build",), recipes=read_recipes(BUILD_DIR), cache_dir=tmp_path)
    wanted = setup.wanted(parse_services({"with": QDRANT, "without": PLAIN | {"port": 1}}))
    assert wanted["with"].names == ("qdrant/qdrant:v1.7.4",)
    assert len(wanted["without"].names) == 2
    (answer,) = dict(setup.ask())["build"]([wanted["with"]]).values()
    assert answer.why == "what is built here has no gRPC"


def test_the_inventory_decides_the_order() -> None:
    setup = Setup(Docker("/nowhere"), sources=["build", "present"])
    assert [name for name, _ in setup.ask()] == ["build", "present"]


def test_check_mode_promises_nothing_of_a_registry() -> None:
    setup = Setup(Docker("/nowhere"), sources=["registry"], dry=True)
    outcome = resolve_all([REDIS], setup.ask())[REDIS]
    assert (outcome.source, outcome.used, outcome.resolved) == ("registry", "", False)


def test_without_the_build_source_any_built_image_will_do() -> None:
    services = parse_services({"redis": {"kind": "redis", "image": "redis:7-alpine", "port": 1}})
    recipes = read_recipes(BUILD_DIR)
    docker = Docker("/nowhere")
    here = Setup(docker, sources=["present"], recipes=recipes).wanted(services)["redis"]
    builds = Setup(docker, sources=["present", "build"], recipes=recipes).wanted(services)["redis"]
    assert here.built == builds.built == "groundwork/redis:7.0.15"
    assert (here.inputs, len(builds.inputs)) == ("", 64)


def test_a_missing_archive_directory_is_a_reason(tmp_path: Path) -> None:
    setup = Setup(Docker("/nowhere"), sources=["archive"], archive_dir=tmp_path / "none")
    assert "can't be read" in resolve_all([REDIS], setup.ask())[REDIS].tried[0][1].why


def answers(setup: Setup, monkeypatch: pytest.MonkeyPatch, registry: SourceAnswer) -> list[str]:
    """The setup's sources with that registry, with nothing here; the names that were asked."""
    asked: list[str] = []

    def source(name: str, answer: SourceAnswer) -> Any:
        def ask(self: Setup, wanted: Sequence[WantedImage]) -> Mapping[WantedImage, SourceAnswer]:
            asked.append(f"{name} {wanted[0].names[-1]}")
            return {item: answer if item.names else SourceAnswer() for item in wanted}

        return ask

    monkeypatch.setattr(Setup, "_registry", source("registry", registry))
    monkeypatch.setattr(Setup, "_present", source("present", SourceAnswer(why="not here")))
    monkeypatch.setattr(Setup, "_build", source("build", SourceAnswer(why="no tools")))
    return asked


def test_what_was_built_and_is_merely_here_comes_after_the_registry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setup = Setup(Docker("/nowhere"), sources=["present", "registry", "build"])
    asked = answers(setup, monkeypatch, SourceAnswer(why="no registry in reach"))
    resolve_all([POSTGRES], setup.ask())
    assert asked == [
        f"present {OFFICIAL}",
        f"registry {BUILT}",
        f"present {BUILT}",
        f"build {BUILT}",
    ]


def test_a_new_source_of_official_images_comes_before_what_was_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(SOURCES, "depot", DEPOT)
    setup = Setup(Docker("/nowhere"), sources=["present", "depot", "build"])
    asked = answers(setup, monkeypatch, SourceAnswer(why="out of reach"))
    known = setup._known()
    monkeypatch.setattr(Setup, "_known", lambda _: known | {"depot": known["registry"]})
    resolve_all([POSTGRES], setup.ask())
    assert [each.split()[0] for each in asked] == ["present", "registry", "present", "build"]


def test_nothing_takes_the_place_of_an_image_that_a_registry_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setup = Setup(Docker("/nowhere"), sources=["present", "registry", "build"])
    refusal = SourceAnswer(why="no such tag", final=True, next_step="Correct its tag.")
    asked = answers(setup, monkeypatch, refusal)
    outcomes = resolve_all([POSTGRES], setup.ask())
    assert asked[2:] == [f"present {OFFICIAL}", f"build {OFFICIAL}"]
    assert setup.lacking(outcomes) == [], "no tools are installed for it"
    error = failure(outcomes)
    assert error is not None
    assert error.next_step == "Correct its tag. What is here already stays."


def test_no_registry_is_asked_for_what_is_kept() -> None:
    kept = WantedImage("postgres", OFFICIAL, BUILT, "recipe", kept=True)
    assert kept.names == (BUILT,)
    setup = Setup(Docker("/nowhere"), sources=["registry"])
    assert resolve_all([kept], setup.ask())[kept].tried == ()


def test_only_the_registry_renews() -> None:
    setup = Setup(Docker("/nowhere"), sources=ALL, renew=True)
    assert [name for name, _ in setup.ask()] == ["present", "registry"]
