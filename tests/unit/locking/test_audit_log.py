"""The audit log: a line at the start of each and one at its end, bounded, readable when torn."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.locking import audit_log
from ansible.module_utils.groundwork.locking.audit_log import (
    append,
    ended,
    reasons,
    serve,
    started,
    tail,
)


def start_of(run: str, **more: str) -> dict[str, Any]:
    claim = {"run": run, "who": "ada", "where": "laptop", "revision": "1"}
    return started(claim | more, "noon", "staging.yml", ["services: redis: has no container yet"])


def test_a_run_without_an_end_was_interrupted_and_one_with_it_is_one_run(tmp_path: Path) -> None:
    log = tmp_path / "runs.jsonl"
    one, two = start_of("1"), start_of("2", process="7")
    for entry in (one, two, ended(one, {"result": "ok", "changed": ["Stack: up"], "seconds": 2})):
        append(log, entry)
    last, first = tail(log, 5)
    assert (last["run"], last["result"], last["changed"], last["at"]) == (
        *("1", "ok", ["Stack: up"], "noon"),
    )
    assert first == two | {"result": "interrupted"}
    assert "process" not in two
    assert tail(log, 1) == [last]


def test_the_end_says_all_where_the_log_lost_the_start(tmp_path: Path) -> None:
    log = tmp_path / "runs.jsonl"
    append(log, ended(start_of("1"), {"result": "failed", "stopped": "Stack: x"}))
    (run,) = tail(log, 5)
    assert (run["who"], run["why"]) == ("ada", ["services: redis: has no container yet"])
    assert (run["result"], run["stopped"], run["changed"]) == ("failed", "Stack: x", [])


def test_lines_of_older_versions_are_runs_of_their_own(tmp_path: Path) -> None:
    log = tmp_path / "runs.jsonl"
    old = {"at": "noon", "who": "ada", "where": "laptop", "result": "ok", "seconds": 1.0}
    for entry in (old, old | {"result": "interrupted"}, start_of("1")):
        append(log, entry)
    assert [run["result"] for run in tail(log, 5)] == ["interrupted", "interrupted", "ok"]
    assert tail(log, 5)[-1] == old


def test_two_playbooks_of_one_process_are_two_runs(tmp_path: Path) -> None:
    log = tmp_path / "runs.jsonl"
    first, second = start_of("1") | {"at": "11:00"}, start_of("1") | {"at": "12:00"}
    for entry in (first, ended(first, {"result": "failed"}), second):
        append(log, entry)
    assert [run["result"] for run in tail(log, 5)] == ["interrupted", "failed"]


def test_an_entry_is_short() -> None:
    changed = [f"Stack: {n} {'x' * 500}\nmore" for n in range(100)]
    line = ended(start_of("1"), {"result": "ok", "changed": changed})
    assert len(line["changed"]) == 30
    assert line["changed"][-1] == "and 71 more"
    assert max(map(len, line["changed"])) == 200


def test_the_reasons_are_those_of_the_first_look_in_the_run_or_of_the_start() -> None:
    assert reasons({"services": ["redis: is gone"], "files": []}) == ["services: redis: is gone"]
    assert ended(start_of("1"), {"why": ["files: x"]})["why"] == ["files: x"]
    assert ended(start_of("1"), {"why": []})["why"] == start_of("1")["why"]


def test_the_log_keeps_the_newest_within_its_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "LOG_BYTES", 1000)
    log = tmp_path / "log" / "runs.jsonl"
    for number in range(300):
        append(log, {"number": number})
        assert log.stat().st_size < 1100
    assert [entry["number"] for entry in tail(log, 3)] == [299, 298, 297]
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_torn_line_costs_only_itself(tmp_path: Path) -> None:
    log = tmp_path / "runs.jsonl"
    append(log, {"number": 1})
    with log.open("a") as file:
        file.write('{"number": 2, "wh')
    append(log, {"number": 3})
    assert [entry["number"] for entry in tail(log, 5)] == [3, 1]
    assert tail(tmp_path / "none", 5) == []


def test_another_machines_python_needs_nothing_but_the_text_of_the_file(tmp_path: Path) -> None:
    asked = {"path": str(tmp_path / "log"), "entry": {"who": "ada", "result": "ok"}}
    text = inspect.getsource(audit_log) + f"\nprint(json.dumps(serve({asked!r})))\n"
    subprocess.run([sys.executable, "-I", "-"], input=text, text=True, check=True)
    look = {"path": str(tmp_path / "log"), "count": 5}
    entry = {"who": "ada", "result": "ok"}
    assert json.loads(json.dumps(serve(look))) == {"runs": [entry], "succeeded": entry}


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert serve({"path": str(tmp_path / "file" / "log"), "entry": {"who": "ada"}}) == {}


def test_the_last_run_that_went_well_is_found_behind_others(tmp_path: Path) -> None:
    log = tmp_path / "runs.jsonl"
    for run, result in (("1", "ok"), ("2", "ok"), ("3", "failed"), ("4", "failed")):
        append(log, ended(start_of(run), {"result": result}))
    append(log, start_of("5"))
    found = serve({"path": str(log), "count": 1})
    assert [run["run"] for run in found["runs"]] == ["5"]
    assert found["succeeded"]["run"] == "2"
    assert serve({"path": str(tmp_path / "none"), "count": 1})["succeeded"] is None
