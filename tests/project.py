"""The project's own files, as the contract tests read them: roles, their variables, YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
MODULE_FILES = sorted((ROOT / "library" / "modules").glob("*.py"))
# The tests' own stack.yml: a person may change theirs
INTERNAL = ROOT / "tests" / "group_vars" / "all" / "internal.yml"


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}


def spec_of(role: str) -> dict[str, Any]:
    spec = load(ROOT / "roles" / role / "meta" / "argument_specs.yml")
    return spec["argument_specs"]["main"]["options"]
