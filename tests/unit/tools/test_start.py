"""What each program of .venv begins with, in a .venv of its own that tools/install.py prepared."""

from __future__ import annotations

import json
import os
import subprocess
import venv
from pathlib import Path

import install
import pytest

ASKED = ("ANSIBLE_CONFIG", "LC_ALL")
# What Ansible itself asks, and refuses to run where it isn't UTF-8
PROBE = f"""
import json, locale, os, sys
locale.setlocale(locale.LC_ALL, "")
found = [locale.getlocale()[1], sys.getfilesystemencoding(), sys.argv[1]]
print(json.dumps(found + [os.environ.get(name) for name in {ASKED}]))
"""
TEXT = "späce and 'quote'"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("a") / TEXT
    venv.create(directory / ".venv", symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(install, "VENV", directory / ".venv")
        install.prepare_start()
    for name in ("ansible-probe", "other"):
        (directory / ".venv" / "bin" / name).write_text(PROBE, encoding="utf-8")
    return directory


def start(
    project: Path, directory: str | Path = "/", program: str = "ansible-probe", **env: str
) -> list[str | None]:
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LC_") and name not in ("LANG", *ASKED)
    }
    done = subprocess.run(
        [*(project / ".venv" / "bin" / each for each in ("python", program)), TEXT],
        cwd=directory,
        env=plain | env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    found: list[str | None] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "C"},
        {"LANG": "POSIX"},
        {"LC_CTYPE": "C"},
        {"LC_ALL": "xx_XX.UTF-8"},
        {"LANG": "C.UTF-8", "LC_TIME": "xx_XX.UTF-8"},  # as SSH hands them over
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_ansible_finds_utf8_whatever_the_shell_says(project: Path, env: dict[str, str]) -> None:
    *found, config, _ = start(project, **env)
    assert found == ["UTF-8", "utf-8", TEXT]
    assert config == str(project / "ansible.cfg")


@pytest.mark.parametrize("env", [{}, {"LANG": "C.UTF-8"}], ids=str)
def test_a_locale_that_will_do_stays(project: Path, env: dict[str, str]) -> None:
    encoding, *_, locale = start(project, **env)
    assert encoding == "UTF-8"
    assert locale is None


def test_a_persons_own_choice_stays(project: Path) -> None:
    *_, config, locale = start(project, ANSIBLE_CONFIG="/mine.cfg", LC_ALL="C.UTF-8")
    assert (config, locale) == ("/mine.cfg", "C.UTF-8")


def test_the_checkout_that_one_stands_in_counts(project: Path, tmp_path: Path) -> None:
    """Its roles with the library of another checkout, whose .venv is active, would be a mixture."""
    (tmp_path / "ansible.cfg").touch()
    assert start(project, tmp_path)[3] == str(project / "ansible.cfg")  # another project's
    (tmp_path / "library" / "module_utils" / "groundwork").mkdir(parents=True)
    assert start(project, tmp_path)[3] == str(tmp_path / "ansible.cfg")


def test_programs_that_start_those_of_several_checkouts_hand_nothing_down(project: Path) -> None:
    assert start(project, program="other")[3] is None


def test_it_loads_nothing_more(project: Path) -> None:
    """Each start pays for it, also that of each module that Ansible runs."""
    python = project / ".venv" / "bin" / "python"
    said = subprocess.check_output([python, "-c", "import sys; print(*sys.modules)"], text=True)
    assert "groundwork_start" in said.split()
    assert not {"locale", "pathlib", "re", "subprocess"} & set(said.split())


def test_a_copy_of_links_to_another_users_files_gets_its_own(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory,) = project.glob(".venv/lib/python3.*/site-packages")
    names = ("groundwork_start.py", "groundwork.pth")
    before = [(directory / name).stat().st_ino for name in names]
    links = [directory / f"{name} of the other" for name in names]
    for name, link in zip(names, links, strict=True):
        link.hardlink_to(directory / name)
    monkeypatch.setattr(install, "VENV", project / ".venv")
    install.prepare_start()
    assert [link.stat().st_ino for link in links] == before
    assert all((directory / name).stat().st_nlink == 1 for name in names)
