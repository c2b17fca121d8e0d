"""What a person's git and editor make of the files."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


# The first is how Git for Windows is installed, the others are what people set by hand
@pytest.mark.parametrize(
    "settings",
    [["core.autocrlf=true"], ["core.autocrlf=false", "core.eol=crlf"], ["core.autocrlf=input"]],
    ids=lambda settings: " ".join(settings),
)
def test_lines_end_as_they_should_whatever_a_persons_git_is_set_to(
    settings: list[str], tmp_path: Path
) -> None:
    options = [word for setting in settings for word in ("-c", setting)]
    subprocess.run(
        ["git", "-C", str(ROOT), *options, "checkout-index", "--all", f"--prefix={tmp_path}/"],
        check=True,
    )
    files = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 100
    assert not [str(path.relative_to(tmp_path)) for path in files if b"\r" in path.read_bytes()]


def test_what_is_run_may_be_run() -> None:
    scripts = [
        path
        for top in (".ci", "tools", "images")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and path.suffix != ".py" and path.read_bytes().startswith(b"#!")
    ]
    assert scripts
    assert not [str(path) for path in scripts if not os.access(path, os.X_OK)]
