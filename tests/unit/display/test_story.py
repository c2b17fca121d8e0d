"""Stages: which lines a run is worth."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.groundwork.display.outcome import Outcome, Status, Task
from ansible.module_utils.groundwork.display.story import Story, short
from ansible.module_utils.groundwork.display.text import ASCII, plain


def task(name: str = "run | Start", module: str = "command", role: str = "stack") -> Task:
    return Task(name, module, stage=role, title=role.title(), role=role, where="main.yml:3")


def outcome(
    result: dict[str, Any] | None = None, host: str = "vm", status: Status = "ok", **more: Any
) -> Outcome:
    ours = ("seconds", "item", "check", "diff", "dump")
    kept = {key: more.pop(key) for key in ours if key in more}
    return Outcome(task(**more), host, status, result or {}, **kept)


def test_a_name_without_its_file() -> None:
    assert short("wait | Until healthy") == "Until healthy"
    assert short("plain") == "plain"


def test_quiet_stages_have_one_line() -> None:
    story = Story(ASCII)
    assert story.begin(task(), 0) == []
    assert story.skipped(outcome()) == []
    assert plain(story.begin(task(role="schema"), 1)) == ["Stack      nothing to do"]
    assert story.ok(outcome(role="schema")) == []
    assert plain(story.end(4)) == ["Schema     ok  3.0 s"]
    assert story.end(5) == []


def test_a_heading_comes_once_and_only_with_lines() -> None:
    story = Story(ASCII)
    story.begin(task(), 0)
    assert plain(story.ok(outcome({"changed": True}))) == ["Stack", "  changed   Start"]
    assert plain(story.ok(outcome({"changed": True}))) == ["  changed   Start"]
    assert story.end(1) == []


def test_long_work_is_mentioned_though_it_changed_nothing() -> None:
    story = Story(ASCII)
    assert plain(story.ok(outcome(seconds=61)))[1] == "  ok        Start  1 min 01 s"


def test_a_long_look_says_what_it_found_all_the_same() -> None:
    story = Story(ASCII)
    story.begin(task(role="inspect"), 0)
    found = {"state": {}, "plan": {"docker": ["the engine is stopped"]}}
    assert story.ok(outcome(found, module="stack_info", role="inspect", seconds=7)) == []
    assert plain(story.end(7)) == ["Inspect    1 change pending  7.0 s"]


def test_a_lock_in_the_midst_of_a_role_parts_it_into_no_two_stages() -> None:
    story = Story(ASCII)
    story.begin(task(), 0)
    story.ok(outcome())
    lock = task(module="run_lock", role="inspect")
    assert story.begin(lock, 1) == []
    assert story.ok(outcome(module="run_lock", role="inspect")) == []
    assert story.begin(task(), 2) == []
    assert plain(story.ok(outcome({"changed": True}))) == ["Stack", "  changed   Start"]
    assert story.end(3) == []


def test_talk_is_no_work() -> None:
    story = Story(ASCII)
    story.begin(task(), 0)
    story.ok(outcome(module="validate_argument_spec"))
    assert plain(story.end(9)) == ["Stack      nothing to do"]


def test_why() -> None:
    reasons = ["redis is missing", "qdrant is old"]
    said = outcome({"reasons": reasons}, module="pending_changes")
    assert plain(Story(ASCII).ok(said)) == [
        "Stack",
        "  why       redis is missing",
        "            qdrant is old",
    ]


def test_a_plays_own_tasks_are_no_stage_while_all_are_skipped() -> None:
    story = Story(ASCII)
    story.begin(task(role=""), 0)
    story.skipped(outcome(role=""))
    assert story.end(1) == []


def test_check_mode_says_would() -> None:
    files = {"changed": True, "files": [{"path": "/a", "action": "created"}]}
    lines = plain(Story(ASCII).ok(outcome(files, module="managed_files", check=True)))
    assert lines == ["Stack", "  would     Start", "    created   /a"]


def test_several_hosts_are_named() -> None:
    story = Story(ASCII)
    story.hosts |= {"a", "b"}
    lines = plain(story.failed(outcome({"msg": "bad\nNext: x"}, host="a")))
    assert lines[1:3] == ["  a  failed    Start", "         bad"]


def test_failures_that_the_playbook_deals_with_take_two_lines() -> None:
    story = Story(ASCII)
    recovered = plain(story.failed(outcome({"msg": "bad\nmore"}), rescued=True))
    assert recovered == ["Stack", "  recovered Start", "      bad"]
    assert plain(story.failed(outcome({"msg": "x"}), ignored=True))[0] == "  ignored   Start"


def test_a_shape_that_no_writer_knows_costs_only_its_lines() -> None:
    odd = {"changed": True, "services": [{"name": "a", "seconds": float("inf")}]}
    lines = plain(Story(ASCII).ok(outcome(odd, module="service_health")))
    assert lines == ["Stack", "  changed   Start"]
    told = plain(Story(ASCII, verbosity=1).ok(outcome(odd, module="service_health")))
    assert any("could not be shown" in each for each in told)


def test_censored_results_never_speak() -> None:
    story = Story(ASCII, verbosity=1)
    hidden = {"censored": "hidden", "msg": "hunter2", "changed": True}
    lines = [*story.ok(outcome(hidden)), *story.failed(outcome(hidden)),
             *story.ok(outcome(hidden, module="debug"))]  # fmt: skip
    assert "hunter2" not in "\n".join(plain(lines))
