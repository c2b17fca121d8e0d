"""A person's runs with a registry of their own: what is refused, a mirror, renewed tags; and a pull
that breaks while they go on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from .clients import App
from .images import DOCKER, RECIPES, ask, import_tiny, refusal
from .registry import Registry, Wire
from .stack import Stack, docker, new_stack, slot_port

OFFICIAL = {
    "postgres": "postgres:16-alpine",
    "qdrant": "qdrant/qdrant:v1.7.4",
    "redis": "redis:7-alpine",
}
STACK, WIRE = slot_port(16310), slot_port(16302)


# A registry that dies while an image comes: the engine itself tries again for most of a minute, so
# that begins first and is read last


@dataclass
class Broken:
    """A pull of `name` over a wire that is cut in the middle of the image."""

    name: str
    wire: Wire
    said: Future[str]


@pytest.fixture(scope="module")
def broken(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    image = import_tiny(tmp_path_factory.mktemp("image"), size=2_000_000)
    registry.push(image, "hub/large:1")
    docker("rmi", image)
    name = f"127.0.0.1:{WIRE}/hub/large:1"
    with Wire(WIRE, registry.port, cut_after=500_000) as wire, ThreadPoolExecutor(1) as pool:
        yield Broken(name, wire, pool.submit(refusal, name))


def test_the_engine_tries_again_by_itself_when_a_registry_dies(broken: Broken) -> None:
    assert broken.wire.cut.wait(60)
    assert not broken.said.done()


# A person's runs


def test_each_image_that_is_refused_is_named_with_what_helps(
    registry: Registry, closed: Registry, tiny: str, tmp_path: Path
) -> None:
    """Built ones that could stand in for all three are here."""
    stack = new_stack(tmp_path / "work space", "groundwork-refused", STACK)
    registry.push(tiny, "library/postgres:16")
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
