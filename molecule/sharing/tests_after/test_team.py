"""The log after a day of a team: who did what, and how it went."""

from __future__ import annotations

import json
from typing import Any

testinfra_hosts = ["ansible://test_hosts"]


def test_the_log_names_who_changed_something_and_how_it_went(host: Any) -> None:
    text = host.file("/var/log/groundwork/runs.jsonl").content_string
    runs = [json.loads(line) for line in text.splitlines()]
    team = {run["who"]: run for run in runs if run["playbook"] == "staging.yml"}
    assert {who: run.get("result", "interrupted") for who, run in team.items()} == {
        "ada": "ok",
        "carl": "ok",
        "dora": "failed",
        "erin": "interrupted",
        "fay": "ok",
    }, "bob's run was refused, so it isn't one"
    assert any(change.startswith("Stack: ") for change in team["ada"]["changed"])
    assert team["dora"]["stopped"].startswith("Schema: ")
    assert "services: redis: has no container yet" in team["erin"]["why"]
