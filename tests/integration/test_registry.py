"""The source `registry`, against a real one on loopback: what comes, and what is said where nothing
does."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import tarfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker.cli import Docker
from ansible.module_utils.groundwork.images import recipes
from ansible.module_utils.groundwork.images.resolve import Outcome, Wanted, failure, resolve_all
from ansible.module_utils.groundwork.images.sources import Setup

from .clients import App
from .registry import PASSWORD, USER, Registry, Wire
from .stack import ROOT, Stack, docker, new_stack, slot_port

DOCKER = Docker()
RECIPES = recipes.read_recipes(ROOT / "images")
OFFICIAL = {
    "postgres": "postgres:16-alpine",
    "qdrant": "qdrant/qdrant:v1.7.4",
    "redis": "redis:7-alpine",
}
OPEN, CLOSED, WIRE, STACK = (slot_port(port) for port in (16300, 16301, 16302, 16310))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with Registry(tmp_path_factory.mktemp("registry") / "open", OPEN) as registry:
        yield registry


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """One that wants a login."""
    with Registry(tmp_path_factory.mktemp("registry") / "closed", CLOSED, login=True) as registry:
        yield registry


def tiny(directory: Path, *options: str, size: int = 5) -> str:
    """A new image of one file that no other has; returns its name."""
    reference = f"groundwork-test/tiny-{uuid.uuid4().hex[:8]}:1"
    tarball = directory / "tiny.tar"
    with tarfile.open(tarball, "w") as archive:
        info = tarfile.TarInfo("random")
        info.size = size
        archive.addfile(info, io.BytesIO(os.urandom(size)))
    docker("import", *options, str(tarball), reference)
    return reference


@pytest.fixture
def image(tmp_path: Path) -> Iterator[str]:
    name = tiny(tmp_path)
    yield name
    DOCKER.run("rmi", name)


def ask(*references: str, **options: object) -> dict[str, Outcome]:
    """Ask all sources for images in whose place a built one, which is here, could be taken."""
    recipe = RECIPES["redis"]
    setup = Setup(DOCKER, recipes=RECIPES, cache_dir=None, **options)
    wanted = {name: Wanted("redis", name, recipe.reference, recipe.inputs) for name in references}
    outcomes = resolve_all(wanted.values(), setup.ask())
    return {name: outcomes[item] for name, item in wanted.items()}


def refusal(reference: str) -> str:
    """Why an image isn't had, as a person reads it; nothing takes its place."""
    outcome = ask(reference)[reference]
    assert (outcome.source, outcome.used) == ("", ""), "something took its place"
    return str(failure({Wanted("redis", reference): outcome}))


# A registry that dies while an image comes: the engine itself tries again for most of a minute, so
# that begins first and is looked at last


@dataclass
class Broken:
    """A pull of `name` over a wire that is cut in the middle of the image."""

    name: str
    wire: Wire
    said: Future[str]


@pytest.fixture(scope="module")
def broken(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    image = tiny(tmp_path_factory.mktemp("image"), size=2_000_000)
    registry.push(image, "hub/large:1")
    docker("rmi", image)
    name = f"127.0.0.1:{WIRE}/hub/large:1"
    with Wire(WIRE, registry.port, cut_after=500_000) as wire, ThreadPoolExecutor(1) as pool:
        yield Broken(name, wire, pool.submit(refusal, name))


def test_the_engine_tries_again_by_itself_when_a_registry_dies(broken: Broken) -> None:
    assert broken.wire.cut.wait(60)
    assert not broken.said.done()


def test_an_image_comes_by_its_tag_or_its_digest(registry: Registry, image: str) -> None:
    digest = registry.push(image, "hub/plain:1")
    wanted = docker("image", "inspect", "--format", "{{.Id}}", image).strip()
    docker("rmi", image)
    for name in ("hub/plain:1", f"hub/plain@{digest}", f"hub/plain:1@{digest}"):
        reference = f"{registry.host}/{name}"
        outcome = ask(reference)[reference]
        assert (outcome.source, outcome.used) == ("registry", reference)
        assert docker("image", "inspect", "--format", "{{.Id}}", reference).strip() == wanted
        assert ask(reference)[reference].source == "present"
        docker("rmi", reference)


def test_a_tag_or_repository_that_isnt_there_is_an_error_by_name(
    registry: Registry, image: str
) -> None:
    registry.push(image, "hub/known:1")
    for name in ("hub/known:2", "hub/unknown:1", "hub/known@sha256:" + "0" * 64):
        error = refusal(f"{registry.host}/{name}")
        assert f"{registry.host}/{name}:\n" in error
        assert "the registry doesn't have it" in error
        assert "Next: Correct its name or tag" in error


def test_a_login_is_asked_for_and_then_it_works(
    closed: Registry, image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))  # never the person's own
    login = ["docker", "login", closed.host, "--username", USER, "--password-stdin"]
    advice = " ".join(login[:3])
    name = f"{closed.host}/team/image:1"
    assert f"`{advice}` as the user who runs this" in refusal(name)

    wrong = base64.b64encode(f"{USER}:another".encode()).decode()
    settings = json.dumps({"auths": {closed.host: {"auth": wrong}}})
    (tmp_path / "config.json").write_text(settings)
    error = refusal(name)
    assert "the registry gives it to nobody without the right login" in error
    assert f"`{advice}`" in error

    subprocess.run(login, input=PASSWORD, text=True, check=True, capture_output=True)
    assert "the registry doesn't have it" in refusal(name)
    closed.push(image, "team/image:1")
    assert ask(name)[name].source == "registry"
    docker("rmi", name)


def test_an_image_for_another_processor_is_refused_and_the_one_from_before_stays(
    registry: Registry, image: str, tmp_path: Path
) -> None:
    machine = docker("version", "--format", "{{.Server.Arch}}").strip()
    other = "arm64" if machine == "amd64" else "amd64"
    foreign = tiny(tmp_path, f"--platform=linux/{other}")
    name = f"{registry.host}/hub/foreign:1"
    registry.push(foreign, "hub/foreign:1")
    docker("rmi", foreign)
    expected = f"it is for {other} alone, and this machine's architecture is {machine}"
    assert expected in refusal(name)
    assert DOCKER.inspect("image", [name]) == {}

    docker("tag", image, name)
    renewed = ask(name, renew=True)[name]
    assert (renewed.source, expected) == ("", renewed.tried[-1][1].why)
    shown = docker("image", "inspect", "--format", "{{.Id}}", name, image).split()
    assert shown[0] == shown[1], "the name is lost"
    docker("rmi", name)


def test_where_no_registry_is_what_was_built_takes_its_place() -> None:
    if not DOCKER.inspect("image", [RECIPES["redis"].reference]):
        pytest.skip(f"{RECIPES['redis'].reference} was not built on this machine")
    begun = time.monotonic()
    nowhere = ("registry.invalid/library/redis:7", "127.0.0.1:1/library/redis:7")
    for name, outcome in ask(*nowhere).items():
        assert outcome.used == RECIPES["redis"].reference, name
        assert "no registry in reach" in dict(outcome.tried)["registry"].why
    assert time.monotonic() - begun < 30


# A person's runs


def test_each_image_that_is_refused_is_named_with_what_helps(
    registry: Registry, closed: Registry, image: str, tmp_path: Path
) -> None:
    """Built ones that could stand in for all three are here."""
    stack = new_stack(tmp_path / "work space", "groundwork-refused", STACK)
    registry.push(image, "library/postgres:16")
    wanted = {
        "postgres": f"{registry.host}/library/postgres:16-alpin",
        "qdrant": f"{closed.host}/qdrant/qdrant:v1.7.4",
        "redis": f"{registry.host}/hub/library/redis:7-alpine",
    }
    for service, name in wanted.items():
        assert RECIPES[service].stands_in(name)
        stack.services[service]["image"] = name
    output = stack.refuse()
    for name in wanted.values():
        assert f"{name}:" in output
        assert f"where {name} is asked for" in output
    assert f"`docker login {closed.host}`" in output
    assert not stack.containers()
    assert "groundwork/" not in output.partition("Not every image")[2].partition("──")[0]


@pytest.fixture(scope="module")
def mirror(registry: Registry, stack: Stack) -> Iterator[str]:
    """A mirror's prefix. It has the three official images: those that the shared stack runs."""
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda kind: move(registry, kind, stack.images[kind]), OFFICIAL))
    prefix = f"{registry.host}/hub"
    yield prefix
    for name in OFFICIAL.values():
        DOCKER.run("rmi", f"{prefix}/{name}")


def move(registry: Registry, kind: str, image: str) -> str:
    """Let the mirror's tag name an image; returns its digest."""
    return registry.push(image, f"hub/{OFFICIAL[kind]}")


@pytest.fixture(scope="module")
def mirrored(mirror: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own whose images all come from the mirror."""
    workspace = tmp_path_factory.mktemp("mirror") / "wörk space"
    stack = new_stack(workspace, "groundwork-mirror", STACK)
    stack.variables["images_registry"] = mirror
    yield stack
    stack.destroy()
    for container in stack.services.values():
        DOCKER.run("rmi", f"{mirror}/{container['image']}")


def test_what_keeps_a_built_image_is_said(stack: Stack, mirror: str) -> None:
    built = {kind: RECIPES[kind].reference for kind in OFFICIAL}
    if stack.images != built:
        pytest.skip("the shared stack has the official images")
    play = stack.up(images_registry=mirror)
    assert play.idle, play.output
    for kind, why in (
        ("postgres", "its data are postgres-16-glibc"),
        ("qdrant", "its data are qdrant-edge"),
        ("redis", "its container is made from it"),
    ):
        said = f"{kind}: wanted {mirror}/{OFFICIAL[kind]}, has {built[kind]} ({why})"
        assert said in play.output


def test_a_mirror_is_asked_for_all_images_before_built_ones_are_taken(
    stack: Stack, mirrored: Stack, registry: Registry, mirror: str
) -> None:
    digest = move(registry, "redis", stack.images["redis"])
    mirrored.services["redis"]["image"] += f"@{digest}"
    check = mirrored.play("dev", "--check", "--diff")
    assert check.code == 0, check.output
    assert not DOCKER.inspect("image", [f"{mirror}/{OFFICIAL['postgres']}"])
    mirrored.up()
    assert mirrored.images == {
        name: f"{mirror}/{service['image']}" for name, service in mirrored.services.items()
    }
    assert mirrored.up(images_sources=["registry"]).idle


def test_a_moved_tag_is_renewed_where_that_is_asked_and_data_are_kept(
    stack: Stack, mirrored: Stack, registry: Registry
) -> None:
    app = App(mirrored.workspace / "apps/backend/.env")
    app.write("kept")
    for kind in ("postgres", "redis"):
        newer = f"groundwork-test/newer-{kind}:{uuid.uuid4().hex[:8]}"
        text = f"FROM {stack.images[kind]}\nLABEL newer={newer}\n"
        assert DOCKER.run("build", "--tag", newer, "-", stdin=text).ok
        move(registry, kind, newer)
        docker("rmi", newer)
    before = {name: item["Image"] for name, item in mirrored.containers().items()}
    assert mirrored.up().idle
    assert mirrored.up("--check", images_renew=True).changed
    mirrored.up(images_renew=True)
    now = {name: item["Image"] for name, item in mirrored.containers().items()}
    # Redis' tag moved too, but a digest names one image and no other
    assert {name for name in now if now[name] != before[name]} == {"postgres"}
    assert app.read() == ["kept"] * 3
    assert mirrored.up().idle
    again = mirrored.up(images_renew=True)
    assert again.changed == 0, again.output


def test_new_passwords_are_given_and_no_image_renewed(mirrored: Stack) -> None:
    before = mirrored.env["REDIS_PASSWORD"]
    play = mirrored.play("rotate", stack_rotate="redis", images_renew=True)
    assert play.code == 0, play.output
    assert mirrored.env["REDIS_PASSWORD"] != before
    assert mirrored.up().idle


def test_a_pull_that_broke_says_so_and_a_rerun_gets_the_image(
    broken: Broken, registry: Registry
) -> None:
    error = broken.said.result(120)
    assert "the connection to the registry broke in the middle" in error
    assert "Next: Run again: what has arrived stays." in error
    assert DOCKER.inspect("image", [broken.name]) == {}
    with Wire(WIRE, registry.port):
        assert ask(broken.name)[broken.name].source == "registry"
    docker("rmi", broken.name)
