"""Which volume is live: infra/volumes.json, on the real engine."""

from __future__ import annotations

import json
import subprocess

from ansible.module_utils.groundwork.docker import Docker, volumes

from .clients import App
from .stack import Stack, docker

NAMES = ("postgres", "qdrant", "redis")


def app_of(stack: Stack) -> App:
    return App(stack.workspace / "apps/backend/.env")


def fill(stack: Stack, generation: int, *names: str, before: int = 0) -> None:
    """Volumes of that generation, with what the ones `before` have. The stack is down."""
    for name in names:
        kind = docker("volume", "inspect", volumes.name_of(stack.project, name, before))
        made_by = json.loads(kind)[0]["Labels"]["groundwork.flavour"]
        fresh = volumes.create(Docker(), stack.project, name, generation, made_by)
        docker(
            *("run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "cp"),
            *("-v", f"{volumes.name_of(stack.project, name, before)}:/from:ro"),
            *("-v", f"{fresh}:/to", stack.images["postgres"], "-a", "/from/.", "/to"),
        )


def mounted(stack: Stack) -> dict[str, list[str]]:
    return {
        service: [each["Name"] for each in found["Mounts"] if each.get("Name")]
        for service, found in stack.containers().items()
    }


def there(stack: Stack) -> set[str]:
    return set(docker("volume", "ls", "-q", "--filter", f"name=^{stack.project}_").split())


def switch(stack: Stack, **live: int) -> None:
    volumes.write(stack.infra, live)


def by_hand(stack: Stack, *arguments: str) -> str:
    """`docker compose` in the stack's directory; what it said."""
    done = subprocess.run(
        ["docker", "compose", *arguments],
        cwd=stack.infra,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_stack_switches_to_other_volumes_and_back(other: Stack) -> None:
    other.up()
    app = app_of(other)
    app.write("first")
    assert other.play("down").code == 0
    fill(other, 1, *NAMES)
    other.up()
    app.write("only in the first")
    switch(other, postgres=1, redis=1, qdrant=1)
    before = other.started_at()

    check = other.play("dev", "--check")
    assert check.code == 0, check.output
    for name in NAMES:
        first = volumes.name_of(other.project, name)
        assert f"{name}: is on the volume {first}, wanted {first}.1" in check.output
    assert other.started_at() == before

    other.up()
    assert mounted(other) == {name: [f"{other.project}_{name}_data.1"] for name in NAMES}
    assert app.read() == ["first"] * 3
    assert other.up().idle
    assert oct((other.infra / volumes.FILE).stat().st_mode & 0o777) == "0o644"

    said = by_hand(other, "up", "-d", "--wait")
    assert "warn" not in said.lower() and "volume" not in said.lower()
    assert other.up().idle

    switch(other)
    other.up()
    assert mounted(other) == {name: [f"{other.project}_{name}_data"] for name in NAMES}
    assert app.read() == ["only in the first"] * 3
    assert other.up().idle


def test_a_volume_that_is_named_and_gone_is_refused_before_an_empty_one_is_made(
    other: Stack,
) -> None:
    other.up()
    app_of(other).write("first")
    assert other.play("down").code == 0
    switch(other, postgres=2)
    before = there(other)
    text = other.refuse()
    assert f"volumes.json names the volume {other.project}_postgres_data.2" in text
    assert f"There are: {other.project}_postgres_data." in text
    assert there(other) == before
    assert not other.containers()
    (other.infra / volumes.FILE).write_text("{", encoding="utf-8")
    assert "can't be understood: it isn't JSON" in other.refuse()
    switch(other)
    other.up()
    assert app_of(other).read() == ["first"] * 3


def test_down_and_reset_know_all_generations_and_leave_snapshots(other: Stack) -> None:
    other.up()
    app_of(other).write("first")
    assert other.play("down").code == 0
    fill(other, 1, "redis", "postgres")
    fill(other, 3, "redis")
    switch(other, redis=1, postgres=1)
    snapshot = f"{other.project}_snapshot_before-x"
    docker("volume", "create", "--label", "groundwork.snapshot=before-x", snapshot)
    try:
        other.up()
        play = other.play("reset", "-e", "service=redis")
        assert play.code == 0, play.output
        assert {name for name in there(other) if "redis" in name} == {f"{other.project}_redis_data"}
        assert volumes.read(other.infra) == {"postgres": 1}
        assert mounted(other)["redis"] == [f"{other.project}_redis_data"]
        assert mounted(other)["postgres"] == [f"{other.project}_postgres_data.1"]
        assert other.up().idle

        play = other.play("down", stack_remove_data=other.project)
        assert play.code == 0, play.output
        assert "kept: the snapshots before-x" in play.output
        assert there(other) == {snapshot, f"{other.project}_owner"}
        assert volumes.read(other.infra) == {}
    finally:
        docker("volume", "rm", "--force", snapshot)
    assert "kept" not in other.play("down", stack_remove_data=other.project).output
    assert there(other) == set()


def test_compose_down_with_volumes_by_hand_leaves_what_a_restore_made(other: Stack) -> None:
    """As docs/data.md says, and what removes them all."""
    other.up()
    app_of(other).write("first")
    assert other.play("down").code == 0
    fill(other, 1, "redis")
    switch(other, redis=1)
    other.up()
    by_hand(other, "down", "-v")
    left = {f"{other.project}_redis_data", f"{other.project}_redis_data.1"}
    assert there(other) - {f"{other.project}_owner"} == left
    play = other.play("down", stack_remove_data=other.project)
    assert play.code == 0, play.output
    assert there(other) == set()
    assert volumes.read(other.infra) == {}


def test_a_stack_that_moves_keeps_its_live_volumes(other: Stack) -> None:
    """Where only data came along, nothing empty takes their place."""
    other.up()
    app_of(other).write("first")
    assert other.play("down").code == 0
    fill(other, 1, *NAMES)
    switch(other, postgres=1, redis=1, qdrant=1)
    other.up()
    for name in NAMES:
        docker("volume", "rm", f"{other.project}_{name}_data")
    there_now = other.workspace.with_name("moved space")
    other.workspace.rename(there_now)
    other.workspace, other.variables = (
        there_now,
        other.variables | {"workspace_dir": str(there_now)},
    )
    other.up()
    assert app_of(other).read() == ["first"] * 3
    assert mounted(other) == {name: [f"{other.project}_{name}_data.1"] for name in NAMES}
    assert other.up().idle
    kept = (other.infra / volumes.FILE).read_text(encoding="utf-8")
    (other.infra / volumes.FILE).unlink()
    assert f"no volumes.json says which of the later ones counts: {other.project}" in other.refuse()
    (other.infra / volumes.FILE).write_text(kept, encoding="utf-8")
    assert other.up().idle
