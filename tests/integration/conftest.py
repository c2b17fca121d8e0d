"""The integration tests' set-up: the real engine and services, through the project's playbook."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from .stack import ROOT, Stack, new_stack


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
