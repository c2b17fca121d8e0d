"""The callback in real runs of ansible-playbook. Only the modules are fakes (display/fakes)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from display.playbook_runner import PlaybookRunner, fake, role, untimed

HEALTH = {
    "services": [
        {"name": "postgres", "kind": "postgres", "address": "127.0.0.1:5432", "healthy": True,
         "seconds": 1.42, "tries": 3, "version": "16.15", "last_error": ""},
        {"name": "redis", "kind": "redis", "address": "127.0.0.1:6379", "healthy": True,
         "seconds": 0.7, "tries": 1, "version": "7.0.15", "last_error": ""},
    ]
}  # fmt: skip
LOOK = {
    "state": {
        "engine": {"state": "ok", "version": "24.0", "compose": "2.26.1", "error": ""},
        "images": {"postgres": {"reference": "groundwork/postgres:16.15", "id": "sha256:1"}},
        "files": {"/srv/app/infra/docker-compose.yml": "in_sync"},
        "services": {
            "postgres": {"kind": "postgres", "state": "running", "answers": False,
                         "health": "starting", "address": "127.0.0.1:5432", "version": "",
                         "url": "postgresql://app:hunter2@127.0.0.1:5432/app"},
        },
        "schema": {"": {"state": "pending", "current": ["8c1d2f1f0a9b"], "pending": []}},
    },
    "plan": {"docker": [], "schema": ["one revision is waiting"]},
    "summary": {"stack": "groundwork", "docs": [["docs", "docs/README.md"]]},
}  # fmt: skip
IMAGES = {
    "changed": True,
    "images": {
        "redis": {"wanted": "redis:7-alpine", "used": "groundwork/redis:7.0.15", "source": "build",
                  "id": "", "seconds": 12.4,
                  "tried": [{"source": "registry", "why": "no registry answers"}]},
    },
}  # fmt: skip
SCHEMA = {
    "changed": True,
    "before": ["8c1d2f1f0a9b"],
    "after": ["d41e0a11"],
    "applied": [{"revision": "d41e0a11", "file": "x.py", "message": "users", "seconds": 0.2,
                 "direction": "up"}],
    "warnings": [],
}  # fmt: skip
FAILURE = "postgres is not healthy.\nWhere: localhost\n  FATAL: no space left\nNext: free some."


@pytest.fixture
def runner(tmp_path: Path) -> PlaybookRunner:
    return PlaybookRunner(tmp_path)


def test_a_run_with_work_in_every_stage(runner: PlaybookRunner) -> None:
    runner.role("inspect", [fake("main | Inspect the host", LOOK, "stack_info")])
    runner.role("docker", [fake("main | Start it", {}, when=False)])
    runner.role("images", [fake("main | Have the images", IMAGES, "container_images")])
    runner.role("stack", [
        fake("main | Any name", {"reasons": ["redis is missing"]}, "pending_changes"),
        fake("run | Start the services", {"changed": True}, seconds=1.3),
        fake("run | Wait until they are healthy", HEALTH, "service_health"),
    ])  # fmt: skip
    runner.role("schema", [fake("main | To the head", SCHEMA, "alembic_migrate")])
    runner.play([role(name) for name in ("inspect", "docker", "images", "stack", "schema")])
    ran = runner.run(GROUNDWORK_FIRST_TICK="0.4")
    assert ran.code == 0, ran.out + ran.err
    for expected in (
        r"^Inspect    1 change pending",
        r"^Engine     nothing to do$",
        r"^Images\n  redis  groundwork/redis:7.0.15 in place of redis:7-alpine  built here  12 s$",
        r"^    not pulled: no registry",
        r"^Stack\n  why       redis is missing$",
        r"^  … Stack: Start the services \(\d+ s\)$",
        r"^  changed   Start the services  \d+(\.\d)? s$",
        r"^  postgres 16.15  █{20}    1.42 s  127.0.0.1:5432$",
        r"^  redis 7.0.15    █{9,10}▌? +0.70 s  127.0.0.1:6379$",
        r"^Schema\n  up        d41e0a11  users",
        r"^── groundwork on localhost ─+$",
        r"^  postgres 16.15 +healthy +postgresql://app:\*\*\*@127.0.0.1:5432/app +groundwork/post",
        r"groundwork/redis:7.0.15 \(built here\)$",
        r"^  schema    8c1d2f1f0a9b → d41e0a11  1 revision$",
        r"^  changed   Images: Have the images$",
        r"^  docs      docs/README.md$",
        r"^localhost : ok=6 changed=3 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0$",
    ):
        assert re.search(expected, ran.out, re.MULTILINE), f"{expected}\n{ran.out}"
    assert "hunter2" not in ran.out + ran.err
    assert "\x1b" not in ran.out


def test_a_run_that_finds_nothing_to_do(runner: PlaybookRunner) -> None:
    look = {**LOOK, "plan": {"docker": []}}
    runner.role("inspect", [fake("main | Inspect the host", look, "stack_info")])
    runner.role("stack", [fake("main | Start", {"changed": True}, when=False)])
    runner.play([role("inspect"), role("stack")])
    ran = runner.run()
    start = "Inspect    up to date\nStack      nothing to do\n── groundwork"
    assert untimed(ran.out).startswith(start), ran.out
    assert "nothing, up to date" in ran.out
    assert "changed=0" in ran.out
    assert not ran.err


def test_a_run_that_ends_after_its_look(runner: PlaybookRunner) -> None:
    look = {**LOOK, "plan": {"docker": []}}
    runner.role("inspect", [fake("main | Inspect the host", look, "stack_info")])
    runner.role("stack", [fake("main | Start", {"changed": True})])
    runner.play([role("inspect"), {"ansible.builtin.meta": "end_host"}, role("stack")])
    ran = runner.run()
    start = "Inspect    up to date\n── groundwork"
    assert untimed(ran.out).startswith(start), ran.out
    assert "nothing, up to date" in ran.out
    assert not ran.err


@pytest.mark.parametrize("when", [True, False], ids=["with a target", "without"])
def test_a_status_says_what_is_due(runner: PlaybookRunner, when: bool) -> None:
    runner.role("inspect", [fake("main | Inspect the host", LOOK, "stack_info")])
    check = {"name": "See that the target is ours", "when": when}
    tasks = [{**check, "ansible.builtin.assert": {"that": True, "quiet": True}}, role("inspect")]
    runner.play(tasks, vars={"groundwork_run": "status"})
    ran = runner.run()
    assert "  pending   on the next run:\n  Schema    one revision is waiting\n" in ran.out, ran.out
    assert "changed   nothing" not in ran.out


def test_a_play_that_only_inspects_is_no_status_unless_it_says_so(runner: PlaybookRunner) -> None:
    runner.role("inspect", [fake("main | Inspect the host", LOOK, "stack_info")])
    runner.play([role("inspect")])
    ran = runner.run()
    assert "pending   on" not in ran.out, ran.out
    assert "changed   nothing" in ran.out


def test_anything_else_that_a_playbook_can_do(runner: PlaybookRunner) -> None:
    (runner.directory / "more.yml").write_text("- ansible.builtin.debug: {msg: from a file}\n")
    runner.play([
        {"name": "say", "ansible.builtin.debug": {"msg": "one\ntwo"}},
        {"name": "show", "ansible.builtin.debug": {"var": "inventory_hostname"}},
        {"name": "map", "ansible.builtin.debug": {"msg": {"key": "value"}}},
        {"name": "quiet", "ansible.builtin.set_fact": {"x": 1}},
        {"ansible.builtin.include_tasks": "more.yml"},
        fake("secret | Use it", {"changed": True, "msg": "hunter2"}, no_log=True),
        fake("secret | Lose it", {"msg": "hunter2"}, fail=True, no_log=True, ignore_errors=True),
        {"name": "each", "fake_result": {"result": {"msg": "bad {{ item }}"},
                                         "fail": "{{ item == 'b' }}"},
         "loop": ["a", "b"], "ignore_errors": True},
        fake("crash", {}, crash=True, ignore_errors=True),
        {"name": "try", "block": [fake("falls", {"msg": "broken\nbadly"}, fail=True)],
         "rescue": [{"name": "helps", "ansible.builtin.debug": {"msg": "helped"}}]},
        fake("again", {"msg": "not yet"}, register="x", until=False, retries=1, delay=0, fail=True,
             ignore_errors=True),
        fake("handled", {"changed": True}, notify=["wake"]),
        fake("warned", {}, warn="look out"),
        fake("odd shape", {"images": {"a": "b", "c": {"tried": 5, "seconds": "x"}}},
             "container_images"),
        {"name": "args | Check", "ansible.builtin.validate_argument_spec": {
            "argument_spec": {"stack_name": {"type": "str", "required": True}}}},
    ], handlers=[fake("wake", {"changed": True})])  # fmt: skip
    ran = runner.run()
    for expected in (
        "  one\n  two\n",
        "inventory_hostname: localhost",
        "key: value\n",
        "  from a file\n",
        "  changed   Use it\n",
        "  ignored   Lose it\n      the output has been hidden",
        "  failed    each (b) on localhost\n      bad b\n",
        "  ignored: the playbook goes on\n",
        "  ignored   crash\n",
        "  recovered falls\n      broken\n",
        "  helped\n",
        "  changed   handled\n",
        "  failed    Check on localhost\n      The inventory's variables don't fit:\n"
        "        missing required arguments: stack_name\n",
        "localhost : ok=15 changed=2 unreachable=0 failed=1 skipped=0 rescued=1 ignored=4\n",
    ):
        assert expected in untimed(ran.out), f"{expected}\n{ran.out}"
    assert ran.code == 2
    assert "look out" in ran.err
    for never in ("hunter2", "Traceback", "bad a", "could not be shown", '"msg"'):
        assert never not in ran.out, never
    assert "Callback dispatch" not in ran.err


def test_a_migration_that_failed_half_way(runner: PlaybookRunner) -> None:
    half = {**SCHEMA, "changed": True, "msg": "no such table"}
    runner.role("schema", [fake("main | To the head", half, "alembic_migrate", fail=True)])
    runner.play([role("schema")])
    ran = runner.run()
    assert ran.code == 2
    said = r"^  schema    8c1d2f1f0a9b → d41e0a11  1 revision; not brought to its revision$"
    assert re.search(said, ran.out, re.MULTILINE), ran.out


def test_a_failure_and_a_host_that_is_gone(runner: PlaybookRunner) -> None:
    away = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    runner.hosts({"one": {}, "two": away})
    runner.role("stack", [
        fake("wait | Until healthy", {"msg": FAILURE, "services": []}, fail=True,
             module="service_health"),
    ])  # fmt: skip
    runner.play([role("stack")])
    ran = runner.run()
    assert ran.code != 0
    expected = (
        "      postgres is not healthy.\n      Where: localhost\n"
        "        FATAL: no space left\n      Next: free some.\n"
    )
    assert re.sub(r"(?m)^ {5}(?= {6})", "", ran.out).count(expected) == 1, ran.out
    assert re.search(r"^  one  failed    Until healthy$", untimed(ran.out), re.MULTILINE)
    assert "task: wait | Until healthy  roles/stack/tasks/main.yml:1" in ran.out
    assert re.search(r"^  two  unreachable Until healthy$", untimed(ran.out), re.MULTILINE)
    assert "`ssh two`" in ran.out
    assert "stopped   in Stack: Until healthy" in ran.out
    assert "one : ok=0 changed=0 unreachable=0 failed=1 skipped=0" in ran.out
    assert "two : ok=0 changed=0 unreachable=1 failed=0 skipped=0" in ran.out
    assert "{" not in ran.out and "Traceback" not in ran.out


def test_check_and_diff(runner: PlaybookRunner) -> None:
    copy = {"content": "new\n", "dest": str(runner.directory / "file"), "mode": "0600"}
    runner.play([
        {"name": "write | The file", "ansible.builtin.copy": copy},
        fake("secret", {"changed": True, "diff": {"before": "a\n", "after": "hunter2\n"}},
             no_log=True),
    ])  # fmt: skip
    ran = runner.run("--check", "--diff")
    start = "Only checking: nothing is changed.\nA play\n  would     The file\n"
    assert untimed(ran.out).startswith(start), ran.out
    assert re.search(r"^  \+new$", ran.out, re.MULTILINE), ran.out
    assert "  would     change A play: The file\n" in ran.out
    assert "hunter2" not in ran.out
    assert not (runner.directory / "file").exists()


@pytest.mark.parametrize("verbosity", ["-v", "-vvvv"])
def test_verbose(runner: PlaybookRunner, verbosity: str) -> None:
    runner.play([
        fake("fine", {"msg": "all well"}),
        fake("off", {}, when=False),
        fake("odd", {"services": [{"name": "a", "seconds": float("inf")}]}, "service_health"),
        fake("crash", {}, crash=True),
    ])  # fmt: skip
    ran = runner.run(verbosity, ANSIBLE_DISPLAY_TRACEBACK="error" if verbosity > "-v" else "never")
    assert re.search(r"^  ok        fine.*\n      all well$", ran.out, re.MULTILINE) or (
        verbosity != "-v" and "msg: all well" in ran.out
    ), ran.out
    assert re.search(r"^  skipped   off", ran.out, re.MULTILINE)
    assert "this result could not be shown" in ran.out
    assert "a mistake in a module" in ran.out
    assert ("Traceback" in ran.out) == ("[ERROR]" in ran.out) == (verbosity == "-vvvv")
    assert "failed=1" in ran.out
    assert "Callback dispatch" not in ran.err


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("--tags", "schema"), "--tags"),
        (("--skip-tags", "all"), "--skip-tags"),
        (("--tags", "a", "--skip-tags", "b"), "--tags and --skip-tags"),
    ],
)
def test_a_run_without_a_task_says_so(
    runner: PlaybookRunner, given: tuple[str, ...], named: str
) -> None:
    runner.role("inspect", [fake("main | Inspect the host", LOOK, "stack_info")])
    runner.play([role("inspect")])
    ran = runner.run(*given)
    assert f"No task ran: {named} left none of this playbook." in ran.out
    assert "No task ran" not in runner.run("--tags", "all").out


def test_insides_without_a_word_are_no_stage(runner: PlaybookRunner) -> None:
    done = {"name": "lock | Take it", "ansible.builtin.command": "true", "changed_when": False}
    runner.role("toolbox", [fake("look | Ask", {}, when=False)])
    runner.role("inspect", [fake("main | Inspect the host", LOOK, "stack_info")])
    runner.role("docker", [fake("main | Start it", {}, when=False)])
    runner.directory.joinpath("roles/inspect/tasks/lock.yml").write_text(yaml.safe_dump([done]))
    lock = {"ansible.builtin.import_role": {"name": "inspect", "tasks_from": "lock"}}
    runner.play([lock, role("toolbox"), role("inspect"), role("docker"), lock])
    ran = runner.run()
    assert ran.code == 0, ran.out + ran.err
    assert re.findall(r"(?m)^[A-Z]\w+(?=  )", ran.out) == ["Inspect", "Engine"], ran.out
