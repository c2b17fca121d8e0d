"""What make gives to the commands that it runs, and which it runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ("LANG", "LC_ALL", "LC_CTYPE", "ANSIBLE_CONFIG")


def make(folder: Path, *arguments: str, **env: str) -> str:
    plain = {k: v for k, v in os.environ.items() if k not in LOCALE and not k.startswith("MAKE")}
    command = ["make", "-s", "-f", str(ROOT / "Makefile"), *arguments]
    return subprocess.run(
        command, cwd=folder, env={**plain, **env}, capture_output=True, text=True, check=True
    ).stdout


def probe(folder: Path, what: str, **env: str) -> str:
    return make(folder, f"--eval=probe: ; @{what}", "probe", **env).strip()


@pytest.mark.parametrize("env", [{}, {"LC_ALL": "C"}, {"LANG": "POSIX"}, {"LC_CTYPE": "C"}])
def test_the_locale_is_utf8(tmp_path: Path, env: dict[str, str]) -> None:
    assert probe(tmp_path, "locale charmap", **env) == "UTF-8"


def test_a_utf8_locale_stays_what_it_is(tmp_path: Path) -> None:
    found = probe(tmp_path, 'echo "$$LANG,$$LC_ALL"', LANG="C.UTF-8")
    assert found == "C.UTF-8,"


def test_the_configuration_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "a földer"
    folder.mkdir()
    assert probe(folder, 'echo "$$ANSIBLE_CONFIG"') == str(folder / "ansible.cfg")
    assert probe(folder, 'echo "$$ANSIBLE_CONFIG"', ANSIBLE_CONFIG="/mine.cfg") == "/mine.cfg"


def test_the_vault_of_another_group() -> None:
    typed = make(ROOT, "-n", "vault", "GROUP=qa", "NEW=redis")
    assert "tools/vault.py --group qa --new redis" in typed
