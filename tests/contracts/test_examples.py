"""The committed .env.example files are what the inventory renders."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import reference

ROOT = Path(__file__).resolve().parents[2]


def test_the_examples_are_up_to_date() -> None:
    done = subprocess.run(
        [str(ROOT / ".venv/bin/ansible-playbook"), "playbooks/examples.yml", "--check", "--diff"],
        cwd=ROOT,
        env=os.environ | {"NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed=0" in done.stdout, f"run `make examples`:\n{done.stdout}"


def test_no_example_holds_a_secret() -> None:
    for path in ROOT.glob("**/.env.example"):
        if ".venv" not in path.parts:
            for line in path.read_text(encoding="utf-8").splitlines():
                name, _, value = line.partition("=")
                if name.endswith(("_PASSWORD", "_API_KEY", "_SALT")):
                    assert value == "made-on-the-first-run", f"{path}: {name}"


def test_the_page_of_variables_is_what_the_roles_say() -> None:
    written = (ROOT / "docs" / "variables.md").read_text(encoding="utf-8")
    assert written == reference.page(), "`make reference` writes it anew"
