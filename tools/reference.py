"""Writes docs/variables.md, what can be set, from the roles' argument_specs and defaults.

`make reference` runs it; a contract test fails where the page isn't what this would write.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
INVENTORY = ROOT / "inventory" / "group_vars"
HEAD = """# Variables

What can be set, role by role: in `inventory/group_vars/all/stack.yml`, for shared machines in
`inventory/group_vars/staging/main.yml`, or for one run with `-e`. A mistyped name, or a value of
another type, is refused before anything changes. Written by `make reference` from
`roles/*/meta/argument_specs.yml` and `roles/*/defaults/main.yml`.
"""


def load(path: Path) -> dict[str, Any]:
    """A YAML file, or nothing where there is none."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return yaml.safe_load(text) or {}


def page(root: Path = ROOT) -> str:
    """The whole page."""
    internal = load(INVENTORY / "all" / "internal.yml")
    # The project's own start values; a person's file may have others
    stack = load(root / "tests" / "group_vars" / "all" / "stack.yml")
    parts = [HEAD]
    for role in sorted(path.name for path in (root / "roles").iterdir() if path.is_dir()):
        specs = load(root / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]
        defaults = load(root / "roles" / role / "defaults" / "main.yml")
        options = {name: option for spec in specs.values() for name, option in _options(spec)}
        rows = [
            f"| `{name}` | {option['type']} | {_shown(defaults, stack, name)} | {_text(option)} |"
            for name, option in options.items()
            if name not in internal and not name.endswith("_plan")
        ]
        if rows:
            head = f"## {role}\n\n{specs['main']['short_description']}.\n"
            table = "| variable | type | default | what it is |\n|---|---|---|---|"
            parts.append("\n".join([head, table, *rows, ""]))
    return "\n".join(parts)


def _options(spec: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return list(spec.get("options", {}).items())


def _shown(defaults: dict[str, Any], stack: dict[str, Any], name: str) -> str:
    given = defaults | stack
    if name not in given:
        return ""
    text = yaml.safe_dump(given[name], default_flow_style=True, width=10_000)
    text = text.removesuffix("...\n").strip().replace("|", "\\|")
    where = "stack.yml" if name in stack else "the role's defaults"
    return f"in {where}" if len(text) > 60 else f"`{text}`"


def _text(option: dict[str, Any]) -> str:
    said = option["description"]
    text = " ".join(said) if isinstance(said, list) else said
    choices = ", ".join(f"`{each}`" for each in option.get("choices", []))
    text = re.sub(r"[CIO]\(([^)]*)\)", r"`\1`", " ".join(text.split()))
    return f"{text} One of {choices}." if choices else text


if __name__ == "__main__":
    (ROOT / "docs" / "variables.md").write_text(page(), encoding="utf-8")
