"""The source `registry`, against a real one on loopback: what comes, and what is said where nothing
does."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from pathlib import Path

import pytest

from .images import DOCKER, RECIPES, ask, import_tiny, refusal
from .registry import PASSWORD, USER, Registry
from .stack import docker


def test_an_image_comes_by_its_tag_or_its_digest(registry: Registry, tiny: str) -> None:
    digest = registry.push(tiny, "hub/plain:1")
    wanted = docker("image", "inspect", "--format", "{{.Id}}", tiny).strip()
    docker("rmi", tiny)
    for name in ("hub/plain:1", f"hub/plain@{digest}", f"hub/plain:1@{digest}"):
        reference = f"{registry.host}/{name}"
        outcome = ask(reference)[reference]
        assert (outcome.source, outcome.used) == ("registry", reference)
        assert docker("image", "inspect", "--format", "{{.Id}}", reference).strip() == wanted
        assert ask(reference)[reference].source == "present"
        docker("rmi", reference)


def test_a_tag_or_repository_that_isnt_there_is_an_error_by_name(
    registry: Registry, tiny: str
) -> None:
    registry.push(tiny, "hub/known:1")
    for name in ("hub/known:2", "hub/unknown:1", "hub/known@sha256:" + "0" * 64):
        error = refusal(f"{registry.host}/{name}")
        assert f"{registry.host}/{name}:\n" in error
        assert "the registry doesn't have it" in error
        assert "Next: Correct its name or tag" in error


def test_a_login_is_asked_for_and_then_it_works(
    closed: Registry, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    closed.push(tiny, "team/image:1")
    assert ask(name)[name].source == "registry"
    docker("rmi", name)


def test_an_image_for_another_processor_is_refused_and_the_one_from_before_stays(
    registry: Registry, tiny: str, tmp_path: Path
) -> None:
    machine = docker("version", "--format", "{{.Server.Arch}}").strip()
    other = "arm64" if machine == "amd64" else "amd64"
    foreign = import_tiny(tmp_path, f"--platform=linux/{other}")
    name = f"{registry.host}/hub/foreign:1"
    registry.push(foreign, "hub/foreign:1")
    docker("rmi", foreign)
    expected = f"it is for {other} alone, and this machine's architecture is {machine}"
    assert expected in refusal(name)
    assert DOCKER.inspect("image", [name]) == {}

    docker("tag", tiny, name)
    renewed = ask(name, renew=True)[name]
    assert (renewed.source, expected) == ("", renewed.tried[-1][1].why)
    shown = docker("image", "inspect", "--format", "{{.Id}}", name, tiny).split()
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
