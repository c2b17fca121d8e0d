"""Standard output has the document and nothing else, and only of a status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from converged import CONVERGED
from display.playbook_runner import PlaybookRunner, fake

LOOK = {"state": CONVERGED, "plan": {}, "summary": {"stack": "groundwork"}}
STATUS = {"vars": {"groundwork_run": "status"}}


@pytest.fixture
def runner(tmp_path: Path) -> PlaybookRunner:
    runner = PlaybookRunner(tmp_path)
    runner.hosts({"one": {}, "two": {}})
    runner.play([fake("Inspect", LOOK, "stack_info", warn="take care")], **STATUS)
    return runner


@pytest.mark.parametrize("more", [(), ("--check",), ("--diff", "-v")])
def test_one_document_of_all_hosts(runner: PlaybookRunner, more: tuple[str, ...]) -> None:
    ran = runner.run("-e", "format=json", *more)
    printed = ran.out.partition("\n")[2] if "-v" in more else ran.out  # Ansible's own first line
    found = json.loads(printed)
    assert (ran.code, found["ok"], sorted(found["hosts"])) == (0, True, ["one", "two"])
    assert "take care" in ran.err
    assert "pending" in ran.err


def test_the_format_may_come_from_a_file(runner: PlaybookRunner) -> None:
    (runner.directory / "vars.yml").write_text("format: json\n", encoding="utf-8")
    assert json.loads(runner.run("-e", "@vars.yml").out)["ok"]


def test_without_the_word_a_person_reads_it(runner: PlaybookRunner) -> None:
    ran = runner.run()
    assert "pending" in ran.out
    assert "{" not in ran.out


def test_a_host_that_fails_and_one_that_is_well(runner: PlaybookRunner) -> None:
    tasks = [fake("Inspect", LOOK, "stack_info")]
    tasks.insert(
        0, fake("Ask", {"msg": "No way in."}, fail=True, when="inventory_hostname == 'two'")
    )
    runner.play(tasks, **STATUS)
    ran = runner.run("-e", "format=json")
    found = json.loads(ran.out)
    assert (ran.code, found["ok"]) == (2, False)
    assert (found["hosts"]["one"]["ok"], found["hosts"]["two"]["error"]) == (True, "No way in.")


def test_where_no_host_matches_it_ends_badly(runner: PlaybookRunner) -> None:
    ran = runner.run("-e", "format=json", "--limit", "localhost,!localhost")
    if ran.out:  # some versions of Ansible refuse such a limit before anything starts
        assert json.loads(ran.out) == json.loads(ran.out) | {"ok": False, "hosts": {}}
    assert ran.code != 0


def test_a_target_without_hosts_ends_badly(runner: PlaybookRunner) -> None:
    runner.play([fake("Inspect", LOOK, "stack_info")], hosts="nobody", **STATUS)
    ran = runner.run("-e", "format=json")
    assert json.loads(ran.out)["hosts"] == {}
    assert ran.code == 1


def test_another_playbook_goes_on_as_it_does(runner: PlaybookRunner) -> None:
    runner.play([fake("Inspect", LOOK, "stack_info")])
    ran = runner.run("-e", "format=json")
    assert ran.code == 0
    assert "one : ok=1" in ran.out
