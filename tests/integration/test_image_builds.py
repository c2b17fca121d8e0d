"""Builds on the real engine: what they leave, and what an image says of itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.images import formats, recipes
from ansible.module_utils.groundwork.images.build import Builder
from ansible.module_utils.groundwork.images.fetch import BuildError
from ansible.module_utils.groundwork.images.recipes import Recipe
from ansible.module_utils.groundwork.services import SERVICE_TYPES

from .images import BUILD_DIR, DOCKER


def small_recipe(directory: Path, reference: str, base: str, dockerfile: str) -> Recipe:
    """A recipe on a base that is on the engine already, so that no network is needed."""
    directory.mkdir()
    (directory / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    return Recipe("small", directory, reference, recipes.digest(directory, base))


def test_a_build_carries_its_labels_and_leaves_no_work_behind(tiny: str, tmp_path: Path) -> None:
    cache = tmp_path / "a cache"
    (cache / "work").mkdir(parents=True)
    (cache / "work" / "left-by-a-killed-run").write_text("x", encoding="utf-8")
    reference = tiny.replace("tiny", "built")
    recipe = small_recipe(tmp_path / "a recipe", reference, "", f"FROM {tiny}\nLABEL a=b\n")
    try:
        assert Builder(DOCKER, cache).build([recipe]) == {"small": None}
        found = DOCKER.inspect("image", [reference])[reference]["Config"]["Labels"]
        assert found["groundwork.inputs"] == recipe.inputs
        assert found["org.opencontainers.image.version"] == "1"
        assert not (cache / "work").exists()
    finally:
        DOCKER.run("rmi", "--force", reference)


def test_a_failing_build_shows_its_last_lines(tiny: str, tmp_path: Path) -> None:
    dockerfile = f"FROM {tiny}\nCOPY nothing-of-that-name /\n"
    recipe = small_recipe(tmp_path / "recipe", tiny.replace("tiny", "built"), "", dockerfile)
    error = Builder(DOCKER, tmp_path / "cache").build([recipe])["small"]
    assert isinstance(error, BuildError)
    assert str(recipe.directory) in str(error)
    assert any("nothing-of-that-name" in line for line in error.lines)
    assert 0 < len(error.lines) <= 15
    assert not (tmp_path / "cache" / "work").exists()


@pytest.mark.parametrize("kind", sorted(recipes.read_recipes(BUILD_DIR)))
def test_what_was_built_here_says_what_it_is(kind: str) -> None:
    recipe = recipes.recipe(BUILD_DIR, kind)
    found = DOCKER.inspect("image", [recipe.reference]).get(recipe.reference)
    if found is None:
        pytest.skip(f"{recipe.reference} was not built on this machine")
    labels = found["Config"]["Labels"]
    assert labels["groundwork.libc"] == "glibc"
    assert labels["org.opencontainers.image.version"] == recipe.reference.rpartition(":")[2]
    assert len(labels["groundwork.inputs"]) == 64
    history = DOCKER.run("history", "--no-trunc", "--format", "{{json .}}", recipe.reference)
    commands = " ".join(json.loads(line)["CreatedBy"] for line in history.stdout.splitlines())
    assert "proxy" not in commands.lower()


# What an image without our labels says of itself

BASES = {
    "postgres": recipes.recipe(BUILD_DIR, "postgres").reference,
    "debian": recipes.recipe(BUILD_DIR, "base").reference,
    "nothing": "",
}


WITHOUT_LABELS = 'LABEL groundwork.major="" groundwork.libc=""\n'


def wrapped(loader: str) -> str:
    """A line that puts a program there which says that it is PostgreSQL 17, with such a loader."""
    lines = ["#!/bin/sh", f"# {loader}", 'echo "postgres (PostgreSQL) 17.2"']
    wrapper = " ".join(f"'{line}'" for line in lines)
    program = "/usr/local/bin/postgres"
    return f"RUN printf '%s\\n' {wrapper} >{program} && chmod 755 {program}"


@pytest.mark.parametrize(
    ("base", "line", "storage_format"),
    [
        # The server knows better than a variable
        ("postgres", "ENV PG_MAJOR=15", "postgres-16-glibc"),
        # The C library that the server is linked to, and not another one that is there as well
        ("debian", wrapped("/lib/ld-musl-x86_64.so.1"), "postgres-17-musl"),
        # A server that is a wrapper: the C library that is there
        ("debian", wrapped("nothing"), "postgres-17-glibc"),
        # No shell in it
        ("nothing", "ENV PG_MAJOR=16", "postgres-16-unknown"),
    ],
)
def test_an_image_without_labels_is_asked_for_its_storage_format(
    base: str, line: str, storage_format: str, tiny: str
) -> None:
    source = BASES[base] or tiny
    if not DOCKER.inspect("image", [source]):
        pytest.skip(f"{source} was not built on this machine")
    name = tiny.replace("tiny", "unlabelled")
    dockerfile = f"FROM {source}\n{line}\n{WITHOUT_LABELS}"
    built = DOCKER.run("build", "--tag", name, "-", stdin=dockerfile)
    assert built.ok, built.error
    try:
        inspected = DOCKER.inspect("image", [name])[name]
        assert formats.ask(DOCKER, name, inspected, SERVICE_TYPES["postgres"]) == storage_format
    finally:
        DOCKER.run("rmi", name)
