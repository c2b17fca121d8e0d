"""The integration tests' set-up: the real engine and services, through the project's playbook."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .stack import Stack, new_stack


@pytest.fixture(scope="session", autouse=True)
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running stack that tests share. They leave it as they found it.

    On a machine without an engine or images, its first run gets them, as `make dev` does. That is
    why every test waits for it, those too that start containers of their own.
    """
    stack = new_stack(tmp_path_factory.mktemp("wörk späce"), "groundwork-test", 15432)
    play = stack.play("dev")
    if play.code != 0:
        pytest.exit(f"playbooks/dev.yml failed, so nothing can be tested:\n{play.output}", 1)
    yield stack
    stack.destroy()
