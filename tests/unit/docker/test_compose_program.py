"""Compose without the Docker client around it: only where it is sure which program that is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker import Docker, compose
from ansible.module_utils.groundwork.docker.compose_program import compose_program

Place = Callable[[Path], object]


def _program(path: Path, text: str = "\x7fELF") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def _found(here: Path) -> str | None:
    env = {"HOME": str(here / "home"), "PATH": str(here / "bin")}
    return compose_program("docker", env, (here / "lib", here / "libexec"))


def _machine(here: Path) -> Path:
    _program(here / "bin/docker")
    return _program(here / "lib/docker-compose")


def test_the_only_one_is_taken_also_by_two_names(tmp_path: Path) -> None:
    only = _machine(tmp_path)
    assert _found(tmp_path) == str(only)
    (tmp_path / "libexec").symlink_to(tmp_path / "lib")
    assert _found(tmp_path) == str(only)


def _snap(here: Path) -> None:
    _program(here / "bin/snap")
    (here / "bin/docker").unlink()
    (here / "bin/docker").symlink_to("snap")


def _settings(here: Path) -> None:
    _program(here / "home/.docker/config.json", '{"cliPluginsExtraDirs": ["/opt"]}')


DOUBTS: dict[str, Place] = {
    "a person's own beside it": lambda here: _program(
        here / "home/.docker/cli-plugins/docker-compose"
    ),
    "another one": lambda here: _program(here / "libexec/docker-compose"),
    "more places": _settings,
    "a script as client": lambda here: _program(here / "bin/docker", "#!/bin/sh\n"),
    "a snap": _snap,
    "no client": lambda here: (here / "bin/docker").unlink(),
    "none": lambda here: (here / "lib/docker-compose").unlink(),
    "not to be started": lambda here: (here / "lib/docker-compose").chmod(0o644),
}


@pytest.mark.parametrize("doubt", DOUBTS.values(), ids=DOUBTS)
def test_where_there_is_a_doubt_the_client_is_asked(tmp_path: Path, doubt: Place) -> None:
    _machine(tmp_path)
    doubt(tmp_path)
    assert _found(tmp_path) is None


@pytest.mark.parametrize(("code", "whose"), [(0, "alone"), (1, "client")])
def test_where_it_fails_the_client_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, whose: str
) -> None:
    alone = _program(tmp_path / "alone", f"#!/bin/sh\necho redis alone; exit {code}\n")
    _program(tmp_path / "bin/docker", '#!/bin/sh\n[ "$1" = compose ] && echo redis client\n')
    (tmp_path / "docker-compose.yml").touch()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.setattr(compose, "compose_program", lambda cli, env: str(alone))
    assert compose.config_hashes(Docker(), "ours", tmp_path) == {"redis": whose}


def test_it_hashes_as_the_client_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not compose_program("docker", os.environ):
        pytest.skip("no Docker client here with Compose's program in one place")
    text = "services: {redis: {image: 'redis:${TAG}', environment: {A: '1'}, ports: ['1:1']}}\n"
    (tmp_path / "docker-compose.yml").write_text(text, encoding="utf-8")
    (tmp_path / ".env").write_text("TAG=7\nCOMPOSE_FILE=/elsewhere.yml\n", encoding="utf-8")
    monkeypatch.setenv("TAG", "8")  # exported: for Compose it would win over the file
    alone = compose.config_hashes(Docker(), "ours", tmp_path)
    monkeypatch.setattr(compose, "compose_program", lambda cli, env: None)
    assert alone
    assert alone == compose.config_hashes(Docker(), "ours", tmp_path)
