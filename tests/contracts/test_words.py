"""The words of the field: how a task's name begins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
_VERBS = """
Acquire Add Bring Build Check Compare Compute Configure Create Enable End Ensure Fail Fetch Find
Inspect Install Load Migrate Pack Prepare Read Remove Restore Save Send Set Show Start Stop Unload
Unpack Update Wait Write
"""
VERBS = frozenset(_VERBS.split())
FILES = sorted(
    [*(ROOT / "playbooks").rglob("*.yml")]
    + [path for part in ("tasks", "handlers") for path in ROOT.glob(f"roles/*/{part}/*.yml")]
)


def names(tasks: list[dict[str, Any]]) -> Iterator[str]:
    for task in tasks:
        if "hosts" not in task:
            yield task["name"].rpartition(" | ")[2]
        for part in ("tasks", "block", "rescue", "always"):
            yield from names(task.get(part, []))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_tasks_name_begins_with_a_verb_of_the_field(path: Path) -> None:
    found = list(names(yaml.safe_load(path.read_text(encoding="utf-8"))))
    assert found
    assert not [name for name in found if name.split()[0] not in VERBS]
