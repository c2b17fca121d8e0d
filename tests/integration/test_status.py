"""playbooks/status.yml for programs: its document and its exit status, and what it shows of use."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from .clients import App
from .stack import ROOT, Stack, docker

HEAD = "8c1d2f1f0a9b"


def status(stack: Stack, *arguments: str, **variables: Any) -> tuple[int, dict[str, Any], str]:
    """The exit status, the document, and standard error."""
    done = subprocess.run(
        stack.command("status", "-e", "format=json", *arguments, **variables),
        cwd=ROOT,
        env=stack.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    for name, value in stack.secrets().items():
        assert value not in done.stdout + done.stderr, f"the output shows {name}"
    return done.returncode, json.loads(done.stdout), done.stderr


def test_of_a_healthy_stack(stack: Stack) -> None:
    with App(stack.workspace / "apps/backend/.env").postgres():
        code, found, _ = status(stack)
    host = found["hosts"]["localhost"]
    assert (code, found["ok"], host["ok"], host["reasons"], host["plan"]) == (0, True, True, [], {})
    assert {name: each["healthy"] for name, each in host["services"].items()} == dict.fromkeys(
        stack.services, True
    )
    assert [tree["current"] for tree in host["schema"]] == [[HEAD]]
    assert host["connections"]["postgres"]["used"] >= 1
    assert host["connections"]["postgres"]["limit"] == 100
    assert host["connections"]["redis"]["limit"] > 0
    assert host["volumes"][f"{stack.project}_postgres_data"]["bytes"] > 20_000_000
    assert host["free_bytes"] > 0


def test_of_a_stopped_service(stack: Stack) -> None:
    docker("stop", stack.containers()["redis"]["Id"])
    try:
        code, found, errors = status(stack)
    finally:
        stack.up()
    host = found["hosts"]["localhost"]
    assert (code, found["ok"], host["error"]) == (2, False, None)
    assert host["reasons"] == ["services: redis: its container is exited"]
    assert (host["services"]["redis"]["state"], host["services"]["postgres"]["healthy"]) == (
        *("exited", True),
    )
    assert "redis: its container is exited" in errors


def test_of_a_schema_that_is_not_at_its_head(stack: Stack) -> None:
    app = App(stack.workspace / "apps/backend/.env")
    with app.postgres() as connection:
        connection.execute("DELETE FROM alembic_version")
    try:
        code, found, _ = status(stack)
    finally:
        stack.up()
    host = found["hosts"]["localhost"]
    assert (code, found["ok"]) == (2, False)
    (tree,) = host["schema"]
    assert (tree["state"], tree["current"], len(tree["pending"])) == ("empty", [], 1)
    assert host["reasons"] == ["schema: 1 revision to apply"]


def test_of_a_stack_that_was_never_started(other: Stack) -> None:
    code, found, _ = status(other)
    host = found["hosts"]["localhost"]
    assert (code, found["ok"]) == (2, False)
    assert {each["state"] for each in host["services"].values()} == {"missing"}
    assert host["volumes"] == host["connections"] == {}


def test_an_unknown_format_is_refused(stack: Stack) -> None:
    said = stack.refuse(playbook="status", format="yaml")
    assert "There is no format yaml of the status." in said
    assert "Next: say text (or leave it out), or json." in said


def test_a_target_that_the_inventory_lacks_ends_badly(stack: Stack) -> None:
    code, found, _ = status(stack, target="nobody")
    assert (code, found["ok"], found["hosts"]) == (1, False, {})


def test_a_person_sees_the_use_in_two_rows(stack: Stack) -> None:
    play = stack.play("status")
    assert play.code == 0, play.output
    rows = [line.strip() for line in play.output.splitlines()]
    (data,) = (row for row in rows if row.startswith("data "))
    (used,) = (row for row in rows if row.startswith("in use "))
    assert "postgres" in data and data.endswith("free")
    assert " of 100" in used


def test_a_run_does_not_ask_for_it(stack: Stack) -> None:
    play = stack.up("-vv")
    assert '"usage": null' in play.output.replace("usage: null", '"usage": null'), play.output
