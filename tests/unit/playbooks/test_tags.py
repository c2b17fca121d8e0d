"""--tags and --skip-tags in real runs that end before they reach an engine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PARTS = {
    "dev": {"docker", "images", "stack", "env_files", "schema"},
    "staging": {
        *("docker", "firewall", "updates", "monitoring", "backup"),
        *("images", "stack", "env_files", "schema"),
    },
}


HOSTS = """
all:
  children:
    dev: {hosts: {laptop: {ansible_connection: local}}}
    staging: {hosts: {vm: {}}}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars/all").symlink_to(ROOT / "tests/group_vars/all")
    (tmp_path / "group_vars/staging").symlink_to(ROOT / "inventory/group_vars/staging")
    file = tmp_path / "hosts.yml"
    file.write_text(HOSTS, encoding="utf-8")
    return file


def run(inventory: Path, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("ansible-playbook")
    return subprocess.run(
        [program, "-i", inventory, ROOT / f"playbooks/{playbook}.yml", *arguments],
        cwd=ROOT,
        env=os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("playbook", PARTS)
def test_the_parts_are_those_of_the_readme(inventory: Path, playbook: str) -> None:
    (found,) = re.findall(r"TASK TAGS: \[(.*)\]", run(inventory, playbook, "--list-tags").stdout)
    assert set(found.split(", ")) - {"always"} == PARTS[playbook]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(rf"\| `playbooks/{playbook}\.yml` \|(.*)\|", text)
    assert set(re.findall(r"`(\w+)`", line)) == PARTS[playbook]


@pytest.mark.parametrize(
    ("playbook", "given", "said"),
    [
        ("dev", ["--tags", "schem"], "--tags schem: no such part of this playbook. Did you mean"),
        ("dev", ["--skip-tags", "schem"], "--skip-tags schem: no such part of this playbook."),
        ("dev", ["--tags", "schema,firewall"], "--tags firewall: no such part"),
        ("staging", ["--tags", "firewal"], "Did you mean 'firewall'?"),
        ("status", ["--tags", "schema"], "this playbook has no parts"),
        ("rotate", ["--tags", "stack"], "this playbook has no parts"),
        ("schema", ["--tags", "stack"], "this playbook has no parts"),
        ("reset", ["--tags", "stack", "-e", "service=redis"], "this playbook has no parts"),
        ("down", ["--tags", "stack"], "This playbook has no parts"),
        ("down", ["--skip-tags", "stack,images"], "leave images, stack out"),
        ("tunnel", ["--tags", "stack"], "This playbook has no parts"),
        ("examples", ["--tags", "stack"], "This playbook has no parts"),
    ],
)
def test_another_word_is_refused_before_anything_happens(
    inventory: Path, playbook: str, given: list[str], said: str
) -> None:
    done = run(inventory, playbook, *given)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stdout
    assert "Next:" in done.stdout
    assert "changed=0" in done.stdout
