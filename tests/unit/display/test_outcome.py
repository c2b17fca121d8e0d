"""What the display makes of results as the real ansible-core hands them out (recorded/)."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from ansible.module_utils.groundwork.display import results
from ansible.module_utils.groundwork.display.facts import RunFacts
from ansible.module_utils.groundwork.display.failure import unreachable_lines
from ansible.module_utils.groundwork.display.outcome import Outcome, Status, Task
from ansible.module_utils.groundwork.display.story import Story
from ansible.module_utils.groundwork.display.summary import Run, closing_lines
from ansible.module_utils.groundwork.display.text import ASCII, plain
from recorded.record import replay

RUN, CHECK, INTERRUPTED = replay("run"), replay("check"), replay("interrupted")


def outcome(name: str, events: list[dict[str, Any]] = RUN, event: str = "runner_on_") -> Outcome:
    """The result of that task, with the status that its event has."""
    (found,) = [
        each
        for each in events
        if each.get("name") == name and each["event"].startswith(event) and "result" in each
        and each["host"] == "here"
    ]  # fmt: skip
    (status,) = [status for status in get_args(Status) if found["event"].endswith(status)]
    module = found["module"].rpartition(".")[2]
    task = Task(found["name"], module, "stack", "Stack")
    return Outcome(task, "here", status, found["result"], check=found["check"])


def summary(*outcomes: Outcome) -> str:
    facts = RunFacts()
    for each in outcomes:
        facts.learn("here", each)
    return "\n".join(plain(closing_lines(facts, ["here"], Run(seconds=3), ASCII)))


def test_no_result_says_by_itself_how_it_went() -> None:
    told = [each for each in [*RUN, *CHECK] if each["event"].startswith("runner_")]
    assert {each["event"] for each in told} >= {
        "runner_on_ok", "runner_on_failed", "runner_on_skipped", "runner_on_unreachable",
        "runner_retry", "runner_item_on_ok", "runner_item_on_failed", "runner_item_on_skipped",
    }  # fmt: skip
    for each in told:
        assert not {"failed", "skipped"} & set(each.get("result", {})), each


@pytest.mark.parametrize("events", [RUN, CHECK], ids=["run", "check"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("migrated", "schema    a1 -> b2  1 revision"),
        ("migration refused", "schema    a1  not brought to its revision"),
        ("migration half way", "schema    a1 -> b2  1 revision; not brought to its revision"),
        ("migration said nothing", "schema    not brought to its revision"),
    ],
)
def test_the_schema_after_a_migration(name: str, said: str, events: list[dict[str, Any]]) -> None:
    assert f"  {said}\n" in summary(outcome(name, events))


def test_what_the_look_found_stays_where_a_migration_says_nothing() -> None:
    told = summary(outcome("migrated"), outcome("migration said nothing"))
    assert "  schema    a1 -> b2  1 revision; not brought" in told


def test_archives_that_were_sent_and_those_that_would_be() -> None:
    cut = results.archive_lines(outcome("archives cut"), ASCII)
    assert plain(cut) == ["resumed   a.tar  3 of 9 MB"]
    planned = results.archive_lines(outcome("archives planned"), ASCII)
    assert plain(planned) == ["resumed   a.tar  3 of 9 MB", "sent      b.tar  5 MB"]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("failed", ["bad"]),
        ("command", ["The command ended with code 1.", "command: false"]),
        ("failed_when", ["What the task calls a failure (failed_when) is the case."]),
        ("assert", ["no", "assertion: 1 == 2"]),
        ("crashed", ["Module failed: a mistake in a module"]),
        ("arguments", ["The inventory's variables don't fit:",
                       "  missing required arguments: stack_name",
                       "Next: correct them in inventory/group_vars and run again."]),
    ],
)  # fmt: skip
def test_why_a_task_failed(name: str, lines: list[str]) -> None:
    _, shown, *told, where = plain(Story(ASCII).failed(outcome(name)))
    assert shown == f"  failed    {name} on here"
    assert [each.strip() for each in told] == [each.strip() for each in lines]
    assert where == f"      task: {name}"


def test_a_host_that_gives_no_answer_says_why() -> None:
    (found,) = [each for each in RUN if each["event"] == "runner_on_unreachable"]
    first, *_ = plain(unreachable_lines(found["result"], "away"))
    assert first.startswith("Data could not be sent to remote host"), first


def test_what_a_loop_skips_and_what_a_task_skips() -> None:
    story = Story(ASCII, verbosity=1)
    (_, task) = plain(story.skipped(outcome("skipped")))
    assert task.startswith("  skipped   skipped")
    (item,) = plain(story.skipped(outcome("looped", event="runner_item_on_skipped")))
    assert "Conditional result was False" in task and "Conditional result was False" in item


def test_whom_a_try_waits_for() -> None:
    text, lines = Story(ASCII).again(outcome("retried", event="runner_retry"))
    assert text == "Stack: waits. ann holds it"
    assert plain(lines) == ["Stack", "  waits     ann holds it"]


def test_what_is_censored_says_nothing() -> None:
    found = outcome("censored")
    assert "hunter2" not in str(found) + str(plain(Story(ASCII, 2).failed(found)))


def test_check_mode_is_a_task_fields() -> None:
    assert outcome("changed", CHECK).check
    assert plain(Story(ASCII).ok(outcome("changed", CHECK)))[1] == "  would     changed"


def test_nobody_is_told_the_end_of_what_a_ctrl_c_cut() -> None:
    assert [each["event"] for each in INTERRUPTED] == ["runner_on_start"]
