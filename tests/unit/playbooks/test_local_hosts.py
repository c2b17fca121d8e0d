"""Which machines there are, from the committed file and a person's own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_hosts_of_a_file_that_git_does_not_see_are_read_beside_the_committed_ones(
    tmp_path: Path,
) -> None:
    for name in ("inventory", "library"):
        shutil.copytree(ROOT / name, tmp_path / name, symlinks=True)
    shutil.copy(ROOT / "ansible.cfg", tmp_path)
    text = "staging: {hosts: {vm.example.com: {ansible_user: deploy}}}"
    (tmp_path / "inventory/hosts.local.yml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-inventory"), "--list"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["staging"]["hosts"] == ["vm.example.com"]
    assert found["dev"]["hosts"] == ["localhost"]
    assert found["_meta"]["hostvars"]["vm.example.com"]["ansible_become"] is True


def test_git_does_not_see_it() -> None:
    path = "inventory/hosts.local.yml"
    asked = subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False)
    assert asked.returncode == 0
