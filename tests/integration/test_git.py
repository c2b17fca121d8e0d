"""A workspace in a git repository: no password comes within reach of `git add`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .stack import Stack, new_stack

APP = "apps/bäckend/.env"


@pytest.fixture
def monorepo(tmp_path: Path) -> Iterator[Stack]:
    """Redis alone, in a directory of a repository that ignores nothing."""
    stack = new_stack(tmp_path / "mono repo" / "services", "groundwork-git", 16382)
    app = {"path": APP, "services": ["redis"]}
    stack.variables |= {
        "stack_services": {"redis": stack.services["redis"]},
        "env_files_apps": {"backend": app},
        "schema_dir": "",
    }
    git(stack, "init", "--quiet", str(stack.workspace.parent))
    yield stack
    stack.destroy()


def git(stack: Stack, *arguments: str) -> str:
    command = ["git", "-c", "core.quotePath=false", *arguments]
    return subprocess.run(
        command, cwd=stack.workspace, check=True, capture_output=True, text=True
    ).stdout


def add_all(stack: Stack) -> list[str]:
    """What `git add` takes, from the repository's root; none of it has a password."""
    git(stack, "add", "--all", ":/")
    names = git(stack, "ls-files", "--full-name", ":/").splitlines()
    for name in names:
        text = (stack.workspace.parent / name).read_text(encoding="utf-8")
        for variable, value in stack.secrets().items():
            assert value not in text, f"{name} has {variable}"
    return names


def test_what_git_would_take_is_refused_and_the_advice_works(monorepo: Stack) -> None:
    said = " ".join(monorepo.refuse().split())
    directory = monorepo.workspace / APP
    line = f"Add the line `.env` to {directory.parent / '.gitignore'}, then run again."
    assert str(directory) in said and line in said
    assert not monorepo.infra.exists() and not monorepo.containers()
    directory.parent.mkdir(parents=True)
    (directory.parent / ".gitignore").write_text(".env\n", encoding="utf-8")
    monorepo.up()
    assert {"REDIS_PASSWORD", "STACK_CHECKSUM_SALT"} <= set(monorepo.secrets())
    assert add_all(monorepo) == ["services/apps/bäckend/.gitignore", "services/variables.json"]
    assert monorepo.up().idle

    git(monorepo, "add", "--force", "infra/.env")  # somebody insists
    monorepo.env_file.chmod(0o644)
    said = " ".join(monorepo.refuse().split())
    assert f"{monorepo.env_file} gets passwords, and git keeps that file" in said
    advice = f"git -C '{monorepo.infra}' rm --cached '.env'"
    assert advice in said
    subprocess.run(advice, shell=True, check=True, capture_output=True)
    monorepo.up()
    assert "services/infra/.env" not in add_all(monorepo)
