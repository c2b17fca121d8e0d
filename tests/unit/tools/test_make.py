"""Which commands make runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_vault_of_another_group() -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "-s", "-n", "vault", "GROUP=qa", "NEW=redis"]
    typed = subprocess.run(
        command, cwd=ROOT, env=plain, capture_output=True, text=True, check=True
    ).stdout
    assert "tools/vault.py --group qa --new redis" in typed
