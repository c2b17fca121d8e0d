"""docs/monitoring.md has the metrics of the code, and alerts on nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.groundwork.state.metrics import METRICS

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "monitoring.md").read_text(encoding="utf-8")
NAMES = [each.name for each in METRICS]


def test_the_table_has_the_codes_metrics() -> None:
    assert re.findall(r"^\| `(groundwork_\w+)` \|", TEXT, re.M) == NAMES


def test_the_alerts_are_yaml_and_name_metrics_that_there_are() -> None:
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.S)]
    groups: list[dict[str, Any]] = next(block for block in blocks if "groups" in block)["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 5
    used = {name for rule in rules for name in re.findall(r"groundwork_\w+", rule["expr"])}
    assert used <= set(NAMES)
    assert {"groundwork_service_up", "groundwork_schema_at_head", "groundwork_free_bytes"} <= used
