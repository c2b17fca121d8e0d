"""Which of the scenario's tests are for which of its hosts."""

from __future__ import annotations

import json
from typing import Any

import pytest

TINY = "/opt/groundwork/project/molecule/docker/files/tiny_image.sh"
IMAGE = "groundwork-test/tiny"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """test_existing.py is for the host `existing` alone, and everything else is not for it."""
    others = [i for i in items if ("existing" in i.path.stem) != ("ansible://existing" in i.name)]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.fixture
def settings(host: Any) -> dict[str, Any]:
    """What daemon.json says."""
    found: dict[str, Any] = json.loads(host.file("/etc/docker/daemon.json").content_string)
    return found


@pytest.fixture
def engine(host: Any) -> dict[str, Any]:
    """`docker info`."""
    found: dict[str, Any] = json.loads(host.check_output("docker info --format '{{ json . }}'"))
    return found


@pytest.fixture
def tiny(host: Any) -> str:
    """The name of an image that is there, with /bin/cat and /bin/sleep."""
    host.run_test(f"sh {TINY}")
    return IMAGE


@pytest.fixture
def systemd(host: Any) -> bool:
    """Whether the host has systemd as its first process."""
    return bool(host.file("/proc/1/comm").content_string.strip() == "systemd")
