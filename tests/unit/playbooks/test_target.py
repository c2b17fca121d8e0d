"""Which machines `-e target=` may name: those that have the variables of dev or of staging."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
HOSTS = """
all:
  vars: {ansible_connection: local}
  children:
    dev: {hosts: {laptop: {}}}
    staging: {hosts: {shared: {}}, children: {below: {hosts: {deep: {}}}}}
    qa: {hosts: {lost: {}}}
"""


def ask(directory: Path, target: str, *given: str) -> subprocess.CompletedProcess[str]:
    (directory / "hosts.yml").write_text(HOSTS)
    (directory / "play.yml").write_text(
        "- hosts: '{{ target }}'\n  gather_facts: false\n  tasks:\n"
        f"    - ansible.builtin.import_tasks: {ROOT}/playbooks/tasks/target.yml\n"
    )
    return subprocess.run(
        [
            *(PLAYBOOK, "-i", directory / "hosts.yml", directory / "play.yml"),
            *("-e", f"target={target}", *given),
        ],
        cwd=ROOT, env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("target", ["dev", "staging", "below", "deep", "laptop"])
def test_machines_of_ours(tmp_path: Path, target: str) -> None:
    ran = ask(tmp_path, target)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("target", ["qa", "lost", "all"])
def test_others_are_refused_by_name(tmp_path: Path, target: str) -> None:
    ran = ask(tmp_path, target)
    assert ran.returncode == 2
    assert "lost is neither in the group dev nor in staging" in ran.stdout + ran.stderr


@pytest.mark.parametrize("target", ["laptop", "dev", "lost"])
def test_a_playbook_for_shared_machines_takes_no_others(tmp_path: Path, target: str) -> None:
    for good in ("shared", "below"):
        ran = ask(tmp_path, good, "-e", '{"target_groups": ["staging"]}')
        assert ran.returncode == 0, ran.stdout + ran.stderr
    ran = ask(tmp_path, target, "-e", '{"target_groups": ["staging"]}')
    assert ran.returncode == 2
    assert "is not in the group staging, so it" in ran.stdout + ran.stderr


@pytest.mark.parametrize("name", ["staging", "tunnel"])
def test_those_playbooks_say_so(name: str) -> None:
    text = (ROOT / f"playbooks/{name}.yml").read_text(encoding="utf-8")
    assert "target_groups: [staging]" in text


@pytest.mark.parametrize("name", ["status", "down", "rotate", "staging", "tunnel"])
def test_every_playbook_with_a_target_asks_first(name: str) -> None:
    text = (ROOT / f"playbooks/{name}.yml").read_text(encoding="utf-8")
    first = text.partition("  tasks:\n")[2].partition("\n\n")[0]
    assert "tasks/target.yml" in first
