"""The module built_image on the real engine: built once, again when its inputs change."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import shutil
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.docker.cli import Docker
from ansible.module_utils.groundwork.images.fetch import BuildError, debian_base
from ansible.module_utils.groundwork.images.recipes import INPUTS_LABEL, recipe
from ansible.module_utils.groundwork_module import Call, answer

DOCKER = Docker()
MODULE = Path(__file__).resolve().parents[2] / "library/modules/built_image.py"


@pytest.fixture
def recipes(tmp_path: Path) -> Iterator[Path]:
    """A recipe `app` on a base that is here already, in a directory whose name has a space."""
    run = uuid.uuid4().hex[:8]
    directory = tmp_path / "our recipes"
    for name in ("base", "app"):
        (directory / name).mkdir(parents=True)
    lists: dict[str, list[str]] = {"hooks": [], "packages": [], "dpkg_options": []}
    debian = {"suite": f"groundwork-test-{run}", "variant": "minbase", "labels": {}} | lists
    base, app = f"groundwork-test/base-{run}:1", f"groundwork-test/app-{run}:1"
    (directory / "base/image.json").write_text(json.dumps({"reference": base, "debian": debian}))
    (directory / "app/image.json").write_text(json.dumps({"reference": app, "base": "base"}))
    (directory / "app/Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nCOPY Dockerfile /\n")
    tarball = tmp_path / "root.tar"
    with tarfile.open(tarball, "w") as archive:
        archive.addfile(tarfile.TarInfo("hello"), io.BytesIO())
    label = f"LABEL {INPUTS_LABEL}={recipe(directory, 'base').inputs}"
    assert DOCKER.run("import", f"--change={label}", str(tarball), base).ok
    yield directory
    DOCKER.run("rmi", "--force", app, base)


def built(directory: Path, check: bool = False) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("built_image", MODULE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    params = {
        "build_dir": str(directory),
        "names": ["app"],
        "cache_dir": str(directory.parent / "cache"),
        "docker_cli": "docker",
    }
    return answer(module.run, Call(params, check, False))


def test_it_is_built_once_and_again_when_an_input_changes(recipes: Path) -> None:
    reference = recipe(recipes, "app").reference
    assert built(recipes, check=True)["changed"]
    assert not DOCKER.inspect("image", [reference])
    assert built(recipes) == {"changed": True, "images": {"app": reference}, "built": ["app"]}
    first = DOCKER.inspect("image", [reference])[reference]["Id"]
    assert not built(recipes)["changed"]
    with (recipes / "app/Dockerfile").open("a", encoding="utf-8") as file:
        file.write("LABEL more=1\n")
    assert built(recipes)["built"] == ["app"]
    assert DOCKER.inspect("image", [reference])[reference]["Id"] != first


def test_a_failing_build_shows_its_last_lines(recipes: Path) -> None:
    (recipes / "app/Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nCOPY nowhere /\n")
    failed = built(recipes)
    assert failed["failed"]
    assert "app: Building" in failed["msg"]
    assert "nowhere" in failed["msg"]


@pytest.fixture
def without_mmdebstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has docker and no mmdebstrap."""
    docker = shutil.which("docker")
    assert docker
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/docker").symlink_to(docker)
    monkeypatch.setitem(os.environ, "PATH", str(tmp_path / "bin"))


def test_without_mmdebstrap_the_official_image_is_the_base(
    recipes: Path, tmp_path: Path, without_mmdebstrap: None
) -> None:
    base = recipe(recipes, "base")
    assert base.debian
    # No registry is in reach: an image that is here plays the official one
    assert DOCKER.run("tag", base.reference, base.debian.official).ok
    assert DOCKER.run("rmi", base.reference).ok
    try:
        debian_base(base, DOCKER, tmp_path, tmp_path)
    finally:
        DOCKER.run("rmi", base.debian.official)
    made = DOCKER.inspect("image", [base.reference])[base.reference]
    assert made["Config"]["Labels"][INPUTS_LABEL] == base.inputs


def test_without_either_the_error_says_so(
    recipes: Path, tmp_path: Path, without_mmdebstrap: None
) -> None:
    base = recipe(recipes, "base")
    assert DOCKER.run("rmi", base.reference).ok
    with pytest.raises(BuildError, match="mmdebstrap is not installed, and debian:groundwork"):
        debian_base(base, DOCKER, tmp_path, tmp_path)
