"""The audit log in the closing table, and whom a run waits for."""

from __future__ import annotations

import calendar
from typing import Any

from ansible.module_utils.groundwork.display.facts import RunFacts
from ansible.module_utils.groundwork.display.outcome import Outcome, Task
from ansible.module_utils.groundwork.display.runs import success_row
from ansible.module_utils.groundwork.display.story import Story
from ansible.module_utils.groundwork.display.summary import Run, closing_lines
from ansible.module_utils.groundwork.display.text import ASCII, plain
from ansible.module_utils.groundwork.locking import RunsResult

RUN = {
    "at": "2026-11-24 09:12:40",
    "who": "ada",
    "where": "laptop",
    "revision": "3f2a91c04d with changes",
    "playbook": "staging.yml",
    "result": "ok",
    "changed": ["Stack: Write", "Stack: Start", "Schema: Bring"],
    "schema": {"before": "", "after": "8c1d2f1f0a9b"},
    "stopped": "",
    "seconds": 42.0,
}


def told(result: dict[str, Any]) -> str:
    facts = RunFacts()
    task = Task("runs | Read the audit log", "run_log", "inspect", "Inspect")
    facts.learn("vm", Outcome(task, "vm", "ok", result))
    return "\n".join(plain(closing_lines(facts, ["vm"], Run(3, status=True), ASCII)))


def test_each_run_says_who_and_with_what_and_how_it_went() -> None:
    failed = RUN | {"who": "bob", "result": "failed", "stopped": "Stack: Start", "schema": {}}
    text = told({"holder": None, "runs": [RUN, failed, {"result": "interrupted"}]})
    for expected in (
        "runs      2026-11-24 09:12:40 UTC  ada on laptop  ok  staging.yml  "
        "3f2a91c04d with changes  42 s",
        "changed Stack (2), Schema (1)",
        "schema empty -> 8c1d2f1f0a9b",
        "bob on laptop  failed",
        "stopped in Stack: Start",
        "interrupted",
    ):
        assert expected in text, f"{expected}\n{text}"


def test_who_changes_the_machine_now_comes_first() -> None:
    holder = {"who": "ada", "where": "laptop", "since": "noon", "revision": "3f2a"}
    text = told({"holder": holder, "runs": [RUN]})
    assert "now       ada on laptop changes this machine since noon UTC  3f2a" in text
    assert text.index("now ") < text.index("runs ")


def test_without_a_log_nothing_is_said() -> None:
    assert "runs" not in told({"holder": None, "runs": []})


def test_whom_a_run_waits_for_is_said_once() -> None:
    story, task = Story(ASCII), Task("lock | One run at a time", "run_lock", "inspect", "Inspect")

    def attempt(number: int, **more: Any) -> tuple[str, list[str]]:
        result = {"attempts": number, "retries": 9, "failed": True, **more}
        text, lines = story.again(Outcome(task, "vm", "retry", result))
        return text, plain(lines)

    waiting = "Another run is changing this stack: ada."
    assert attempt(1, waiting=waiting) == (
        f"Inspect: waits. {waiting}",
        ["Inspect", f"  waits     {waiting}"],
    )
    assert attempt(2, waiting=waiting) == (f"Inspect: waits. {waiting}", [])
    assert attempt(1) == ("Inspect: One run at a time, try 1 of 9 failed", [])


def test_how_long_ago_a_run_went_well() -> None:
    found = RunsResult.from_dict({"succeeded": RUN})
    (row,) = plain(success_row(found, calendar.timegm((2026, 11, 27, 9, 13, 22)) + 1))
    assert row == "last ok   3 days ago  2026-11-24 09:12:40 UTC"
    assert success_row(RunsResult(), 0) == []
    assert success_row(RunsResult.from_dict({"succeeded": {"at": "noon"}}), 0) == []
