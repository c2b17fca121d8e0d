"""`alembic` by hand: which database alembic/env.py takes from the app's env file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
NAMED = "DATABASE_URL=postgresql://app:x@127.0.0.1:1/mine\n"  # nobody listens there


def current(project: Path, env: bytes) -> str:
    """What `alembic current` says in a copy of the project whose app has that env file."""
    shutil.copytree(ROOT / "alembic", project / "alembic")
    shutil.copy(ROOT / "alembic.ini", project)
    file = project / "apps" / "backend" / ".env"
    file.parent.mkdir(parents=True)
    file.write_bytes(env)
    done = subprocess.run(
        [Path(sys.executable).with_name("alembic"), "current"],
        cwd=project,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode
    assert "Traceback" not in done.stderr
    return done.stderr + done.stdout


def test_the_first_line_counts_whatever_the_editor(tmp_path: Path) -> None:
    """Those of Windows begin a file with a mark."""
    said = current(tmp_path, f"{NAMED}NAME=Jürgen\n".replace("\n", "\r\n").encode("utf-8-sig"))
    assert "The database mine at 127.0.0.1:1" in said


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_what_is_no_utf8_is_named(tmp_path: Path, encoding: str) -> None:
    said = current(tmp_path, f"{NAMED}NAME=Jürgen\n".encode(encoding))
    assert "apps/backend/.env is not a text file in UTF-8" in said


@pytest.mark.parametrize(
    "line",
    [
        "export DATABASE_URL='postgresql://app:x@127.0.0.1:1/mine'",
        'DATABASE_URL="postgresql://app:x@127.0.0.1:1/mine"  # the one below the block counts',
        "DATABASE_URL=postgresql://app:x@127.0.0.1:1/theirs\n" + NAMED,
    ],
)
def test_a_line_means_what_it_means_to_an_app(tmp_path: Path, line: str) -> None:
    assert "The database mine at 127.0.0.1:1" in current(tmp_path, f"{line}\n".encode())


def test_a_persons_own_values_count(tmp_path: Path) -> None:
    """Their local file says where the app is."""
    variables = tmp_path / "inventory" / "group_vars"
    for name, text in {
        "all/stack.yml": "stack_services: {db: {kind: postgres}}\nworkspace_dir: /nowhere\n",
        "dev/local.yml": f"workspace_dir: {tmp_path}\n",
    }.items():
        (variables / name).parent.mkdir(parents=True)
        (variables / name).write_text(text, encoding="utf-8")
    assert "The database mine at 127.0.0.1:1" in current(tmp_path, NAMED.encode())
