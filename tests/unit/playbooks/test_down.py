"""playbooks/down.yml in real runs that end before they reach an engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("target", "given", "wanted"),
    [
        ("staging", "groundwork", "groundwork@vm"),
        ("staging", "groundwork@vm2", "groundwork@vm"),
        ("dev", "groundwork@vm", "groundwork"),
    ],
)
def test_the_word_that_removes_one_machines_data_removes_no_others(
    tmp_path: Path, target: str, given: str, wanted: str
) -> None:
    (tmp_path / "group_vars" / "staging").mkdir(parents=True)
    for name, ours in {"all": "tests", "staging/main.yml": "inventory"}.items():
        (tmp_path / "group_vars" / name).symlink_to(ROOT / ours / "group_vars" / name)
    hosts = {"dev": {"hosts": {"laptop": None}}, "staging": {"hosts": {"vm": None}}}
    (tmp_path / "hosts.yml").write_text(json.dumps(hosts), encoding="utf-8")
    # What goes on after the refusal would fail: nobody can be reached
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("ansible-playbook"), ROOT / "playbooks" / "down.yml"),
            *("-i", tmp_path / "hosts.yml", "-e", f"target={target}"),
            *("-e", f"stack_remove_data={given}"),
        ],
        env=os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode
    assert f"but this stack is {wanted}; nothing was touched" in done.stdout
    assert f"-e stack_remove_data={wanted}." in done.stdout
    assert "unreachable=0" in done.stdout


def test_a_refusal_makes_nothing(tmp_path: Path) -> None:
    """The directory of a stack that isn't there doesn't come from the lock, where nothing is
    done."""
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text("#!/bin/sh\necho 'no engine here' >&2\nexit 1\n", encoding="utf-8")
    docker.chmod(0o755)
    gone = tmp_path / "gone"
    playbook = Path(sys.executable).with_name("ansible-playbook"), ROOT / "playbooks" / "down.yml"
    for given in (), ("-e", "stack_remove_data=groundwork"):
        done = subprocess.run(
            [*playbook, "-e", f"workspace_dir={gone}", *given],
            env=os.environ
            | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "NO_COLOR": "1"}
            | {"PATH": f"{docker.parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 2, done.stdout + done.stderr
        assert "Next:" in done.stdout
        assert not gone.exists()
