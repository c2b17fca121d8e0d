"""Files with passwords: git neither has them nor would add them, or they are not written."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ansible.module_utils.groundwork import dotenv, files, rendered
from ansible.module_utils.groundwork.env import git
from ansible.module_utils.groundwork.errors import GroundworkError


def compared(wanted: rendered.WantedFile) -> rendered.FileState:
    return rendered.compare(wanted, files.inspect(wanted.path))


def run(directory: Path, *arguments: str) -> str:
    own = ("-c", "user.name=x", "-c", "user.email=x@x.test", "-C", str(directory))
    return subprocess.run(
        ["git", *own, *arguments], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    run(tmp_path, "init", "-q")
    return tmp_path


def check(path: Path, mode: int = 0o600, covered: bool = False) -> None:
    git.check_unseen([compared(rendered.WantedFile(path, "A=1\n", mode, block=True))], covered)


def test_a_file_that_git_would_add_is_refused_and_the_advice_works(repository: Path) -> None:
    path = repository / "my app" / ".env"  # its directory isn't there yet
    with pytest.raises(GroundworkError, match="git doesn't ignore it") as caught:
        check(path)
    assert f"`.env` to {path.parent / '.gitignore'}" in caught.value.next_step
    check(path, mode=0o644)  # a browser app's holds no secret
    check(path, covered=True)
    path.parent.mkdir()
    (path.parent / ".gitignore").write_text(".env\n")
    check(path)


def test_a_file_that_git_has_is_refused_though_it_is_ignored(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = repository / ".env"
    path.write_text("MINE=1\n")
    run(repository, "add", ".env")
    (repository / ".gitignore").write_text(".env\n")
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # as in a hook
    for covered in (False, True):
        with pytest.raises(GroundworkError, match="they would be committed") as caught:
            check(path, covered=covered)
    monkeypatch.delenv("GIT_DIR")
    advice = caught.value.next_step.split("`")[1]
    subprocess.run(advice, shell=True, check=True, capture_output=True)
    check(path)
    assert path.read_text() == "MINE=1\n"


def test_a_link_is_judged_by_where_it_leads(repository: Path, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("real\n")
    (repository / ".env").symlink_to("real")
    check(repository / ".env")


@pytest.mark.skipif(os.geteuid() != 0, reason="makes another user's repository: only root can")
def test_another_users_repository_is_one_all_the_same(repository: Path) -> None:
    for each in (repository, *repository.rglob("*")):
        os.chown(each, 4242, 4242)
    with pytest.raises(GroundworkError, match="git doesn't ignore it"):
        check(repository / ".env")


def test_without_a_repository_or_git_there_is_nothing_to_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(tmp_path / "app" / ".env")
    run(tmp_path, "init", "-q")
    monkeypatch.setenv("PATH", str(tmp_path))
    check(tmp_path / "app" / ".env")


@pytest.mark.parametrize("before", ["", "*.tmp\n!docker-compose.yml\n"])
def test_the_ignore_file_beside_infras_env_keeps_a_persons_lines(
    repository: Path, before: str
) -> None:
    path = repository / "infra" / ".gitignore"
    path.parent.mkdir()
    if before:
        path.write_text(before)
    state = compared(rendered.WantedFile(path, git.IGNORED, 0o644, block=True))
    rendered.write(state)
    assert before in path.read_text()
    for name in (
        ".env",
        ".new-passwords",
        ".filling",
        ".lock",
        "ca.crt",
        "docker-compose.yml",
        ".secrets/redis",
    ):
        (path.parent / name).parent.mkdir(exist_ok=True)
        (path.parent / name).touch()
    shown = run(repository, "status", "--porcelain", "-uall")
    assert shown == ("?? infra/docker-compose.yml\n" if before else "")
    assert dotenv.parse(path.read_text()) == {}
