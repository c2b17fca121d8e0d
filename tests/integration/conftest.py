"""The integration tests' set-up: the real engine and services, through the project's playbook."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .images import DOCKER, import_tiny
from .registry import Registry
from .stack import ROOT, Stack, new_stack, slot_port


def pytest_cmdline_main(config: pytest.Config) -> None:
    """Root isn't stopped by modes: these tests run as an ordinary user (tools/as_user.py)."""
    if os.geteuid() == 0 and not config.option.collectonly:
        config.pluginmanager.getplugin("capturemanager").suspend_global_capture(in_=True)
        program = str(ROOT / "tools" / "as_user.py")
        arguments = config.invocation_params.args
        os.chdir(config.invocation_params.dir)
        os.execv(sys.executable, [sys.executable, program, "pytest", *map(str, arguments)])


@pytest.fixture(scope="session", autouse=True)
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running stack that tests share. They leave it as they found it.

    On a machine without an engine or images, its first run gets them, as `make dev` does. That is
    why every test waits for it, those too that start containers of their own.
    """
    assert os.geteuid() != 0, "run tests/integration by itself: it becomes an ordinary user"
    stack = new_stack(tmp_path_factory.mktemp("wörk späce"), "groundwork-test", 15432)
    play = stack.play("dev")
    if play.code != 0:
        pytest.exit(f"playbooks/dev.yml failed, so nothing can be tested:\n{play.output}", 1)
    yield stack
    stack.destroy()


@pytest.fixture
def other(stack: Stack, tmp_path: Path) -> Iterator[Stack]:
    """A second stack, not yet there. The first one is up, so that engine and images are too."""
    other = new_stack(tmp_path / "work space", "groundwork-fault", 15532)
    yield other
    other.destroy()


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[str]:
    """A tiny image of its own name; it is gone afterwards."""
    name = import_tiny(tmp_path)
    yield name
    DOCKER.run("rmi", "--force", name)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    directory = tmp_path_factory.mktemp("registry") / "open"
    with Registry(directory, slot_port(16300)) as registry:
        yield registry


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """One that wants a login."""
    directory = tmp_path_factory.mktemp("registry") / "closed"
    with Registry(directory, slot_port(16301), login=True) as registry:
        yield registry
