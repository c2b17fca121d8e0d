"""Fixtures that several tests of images share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.docker.cli import Docker
from build_tools import tool
from receiver import Machine


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with a mmdebstrap that writes its call; without apt."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for name in ("sh", "sleep", "cat", "chmod"):
        found = shutil.which(name)
        assert found
        (directory / name).symlink_to(found)
    tool(directory, 'for last; do :; done; echo base >"$last"; echo made >>"$MADE"')
    monkeypatch.setenv("PATH", str(directory))
    monkeypatch.setenv("MADE", str(tmp_path / "made"))
    return directory


@pytest.fixture
def engine(tools: Path) -> Docker:
    """Has no image, takes every one, and writes down what it imports."""
    client = tools / "docker"
    client.write_text(
        """#!/bin/sh
case $1 in
  image) echo 'no such image' >&2; exit 1;;
  import) for file; do case $file in *.tar) cat "$file" >>"$MADE";; esac; done;;
esac
"""
    )
    client.chmod(0o755)
    return Docker(str(client))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "the other one" / "archives")
