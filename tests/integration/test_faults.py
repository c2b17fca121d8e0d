"""Bad input and faults: a clear error, nothing half-done, nothing lost."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.dotenv import BEGIN

from .clients import App
from .stack import PLAYBOOK_SECONDS, ROOT, Stack, docker, new_stack, slot_port

HARD_PASSWORD = "p:w/d@?#%&=+ $x 'q' \"d\" {{ j }} `b` \\x ;|<>()*!~^[]ü€,"


@pytest.fixture
def other(stack: Stack, tmp_path: Path) -> Iterator[Stack]:
    """A second stack, not yet there. The first one is up, so that engine and images are too."""
    other = new_stack(tmp_path / "work space", "groundwork-fault", 15532)
    yield other
    other.destroy()


def with_service(stack: Stack, name: str, **change: Any) -> dict[str, Any]:
    """The stack's services, one of them changed; None takes an option out."""
    service = {k: v for k, v in (stack.services[name] | change).items() if v is not None}
    return stack.services | {name: service}


def nothing_is_there(stack: Stack) -> bool:
    """No file but, at most, the lock of the run that failed, and no container."""
    left = [path.name for path in stack.infra.iterdir()] if stack.infra.exists() else []
    return left in ([], [".lock"]) and not stack.containers()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"port": 70000}, ["stack_services.redis.port", "70000"]),
        (
            {"port": slot_port(15532)},
            ["stack_services.redis", "stack_services.postgres", str(slot_port(15532))],
        ),
        ({"kind": "redsi"}, ["stack_services.redis.kind", "redsi", "'redis'"]),
        ({"image": None}, ["stack_services.redis.image"]),
        ({"port": None}, ["stack_services.redis.port is missing"]),
    ],
)
def test_a_wrong_service_is_refused_by_name(
    other: Stack, change: dict[str, Any], words: list[str]
) -> None:
    text = other.refuse(stack_services=with_service(other, "redis", **change))
    for word in [*words, "Next:"]:
        assert word in text
    assert nothing_is_there(other)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"stack_name": None}, ["stack_name"]),
        ({"stack_health_timeout": "soon"}, ["stack_health_timeout", "soon"]),
        ({"stack_helth_timeout": 3}, ["stack_helth_timeout", "'stack_health_timeout'"]),
        ({"images_sources": ["registri"]}, ["images_sources", "registri"]),
        ({"workspace_dir": "/nowhere/at all"}, ["/nowhere/at all", "workspace_dir"]),
        (
            {"env_files_apps": {"web": {"path": ".env", "public": True, "services": ["redis"]}}},
            ["env_files_apps.web", "public"],
        ),
    ],
)
def test_a_wrong_variable_is_refused_by_name(
    other: Stack, variables: dict[str, Any], words: list[str]
) -> None:
    text = other.refuse(**variables)
    for word in words:
        assert word in text
    assert nothing_is_there(other)


def test_a_taken_port_names_port_holder_and_variable(other: Stack) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", other.postgres_port))
        listener.listen()
        text = other.refuse()
    for word in (
        str(other.postgres_port),
        f"process {os.getpid()}",
        "stack_services.postgres.port",
    ):
        assert word in text
    assert nothing_is_there(other)


def test_a_port_that_another_container_holds_names_the_container(
    stack: Stack, other: Stack
) -> None:
    text = other.refuse(stack_services=with_service(other, "redis", port=stack.redis_port))
    assert f"{stack.project}-redis-1" in text
    assert nothing_is_there(other)


def test_an_engine_that_does_not_answer(other: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    text = other.refuse()
    assert "/nowhere/docker.sock" in text
    assert "Next:" in text
    monkeypatch.undo()
    assert nothing_is_there(other)


FAKE_DOCKER = """#!/bin/sh
# A stand-in for a docker client whose engine or Compose is too old: no such engine can be had here.
case "$*" in
    *compose*version*) {compose} ;;
    *context*) echo unix:///var/run/docker.sock ;;
    *version*json*) echo '{{"Server": {{"Version": "{version}", "ApiVersion": "{api}"}}}}' ;;
    *version*) echo "{api}" ;;
    *) echo "unexpected: $*" >&2; exit 1 ;;
esac
"""


@pytest.mark.parametrize(
    ("version", "api", "compose", "words"),
    [
        ("19.03.15", "1.40", "echo 2.26.1", ["19.03", "20.10"]),
        ("26.1.5", "1.45", "echo 2.10.0", ["2.10.0", "2.24"]),
        ("26.1.5", "1.45", "exit 1", ["Compose"]),
    ],
)
def test_an_engine_or_a_compose_that_is_too_old_or_missing(
    other: Stack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    api: str,
    compose: str,
    words: list[str],
) -> None:
    fake = tmp_path / "bin" / "docker"
    fake.parent.mkdir()
    fake.write_text(FAKE_DOCKER.format(version=version, api=api, compose=compose))
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    text = other.refuse()
    monkeypatch.undo()
    for word in words:
        assert word in text
    assert nothing_is_there(other)


def test_no_image_from_any_source_says_what_was_tried(other: Stack) -> None:
    services = with_service(other, "redis", image="groundwork-test/nowhere:1")
    sources = ["present", "archive", "registry"]
    text = other.refuse(stack_services=services, images_sources=sources)
    assert "groundwork-test/nowhere:1" in text
    for source in sources:
        assert source in text
    assert other.containers() == {}


def test_too_little_room_on_the_engines_disk(other: Stack) -> None:
    text = other.refuse(inspect_min_free_mb=10**9)
    assert "MB left" in text
    assert nothing_is_there(other)


def test_a_volume_of_another_flavour_is_refused_and_left_alone(other: Stack) -> None:
    volume = f"{other.project}_postgres_data"
    docker("volume", "create", "--label", "groundwork.flavour=postgres-15-musl", volume)
    text = other.refuse()
    for word in (volume, "postgres-15-musl", "stack_services.postgres.image", "dump"):
        assert word in text
    assert nothing_is_there(other)


def test_an_unlabelled_volume_of_another_major_is_refused(stack: Stack, other: Stack) -> None:
    volume = f"{other.project}_postgres_data"
    docker("volume", "create", volume)
    write = ["sh", "-c", "echo 15 > /volume/PG_VERSION"]
    image = stack.images["postgres"]
    docker("run", "--rm", "-v", f"{volume}:/volume", "--entrypoint", write[0], image, *write[1:])
    text = other.refuse()
    assert volume in text
    assert "15" in text
    assert nothing_is_there(other)


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_a_password_that_it_does_not_have_says_how_to_change_it(other: Stack, name: str) -> None:
    other.up()
    app = App(other.workspace / "apps/backend/.env")
    app.write("kept")
    services = with_service(other, name, password="another-password")
    text = other.refuse(stack_services=services)
    assert f"{name}: the inventory gives another password" in text
    assert "stack_reset_passwords=true" in text
    assert "another-password" not in text
    assert app.read() == ["kept"] * 3, "the refused run changed something"
    other.up("-e", "stack_reset_passwords=true", stack_services=services)
    assert app.read() == ["kept"] * 3
    assert other.up(stack_services=services).idle


def test_passwords_with_every_special_character(other: Stack) -> None:
    written = HARD_PASSWORD.replace("{{", "{{ '{{' }}", 1)  # as Ansible wants it in a variable
    services = with_service(other, "postgres", password=written)
    services["redis"] = services["redis"] | {"password": written}
    key = "".join(char for char in HARD_PASSWORD if "!" <= char <= "~")
    services["qdrant"] = services["qdrant"] | {"password": key.replace("{{", "{{ '{{' }}", 1)}
    other.up(stack_services=services)
    app = App(other.workspace / "apps/backend/.env")
    app.write("kept")
    assert app.read() == ["kept"] * 3
    play = other.up("-vvv", "--diff", stack_services=services)
    assert play.idle
    assert HARD_PASSWORD not in play.output
    assert key not in play.output


def test_a_second_checkout_of_the_same_name_gets_neither_the_data_nor_the_passwords(
    other: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.up()
    app = App(other.workspace / "apps/backend/.env")
    app.write("kept")
    clone = new_stack(other.workspace.with_name("a second checkout"), "groundwork-fault", 15532)
    monkeypatch.setenv("XDG_STATE_HOME", other.environment["XDG_STATE_HOME"])
    monkeypatch.setattr(Stack, "environment", os.environ | {"NO_COLOR": "1"})
    assert str(other.infra) in clone.refuse()
    assert other.play("down").code == 0
    assert str(other.infra) in clone.refuse()
    assert not clone.env_file.exists()
    other.up()
    assert app.read() == ["kept"] * 3


def test_a_compose_file_of_a_persons_own_is_left_alone(other: Stack) -> None:
    other.infra.mkdir()
    mine = other.infra / "docker-compose.yml"
    mine.write_text("services: {}\n")
    text = other.refuse()
    assert str(mine) in text
    assert "docker-compose.override.yml" in text
    assert mine.read_text() == "services: {}\n"


def test_a_persons_override_file_counts_and_converges(other: Stack) -> None:
    other.infra.mkdir()
    override = 'services:\n  redis:\n    labels:\n      mine: "yes"\n'
    (other.infra / "docker-compose.override.yml").write_text(override)
    other.up()
    assert other.containers()["redis"]["Config"]["Labels"]["mine"] == "yes"
    assert other.up().idle


def test_what_is_exported_in_the_shell_does_not_win(
    other: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.up()
    monkeypatch.setenv("REDIS_PASSWORD", "another")
    monkeypatch.setenv("POSTGRES_PORT", "1")
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", "elsewhere")
    assert other.up().idle
    text = other.env_file.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines(True) if not line.startswith("REDIS_PASSWORD")]
    other.env_file.write_text("".join(lines), encoding="utf-8")
    other.up()
    app = App(other.workspace / "apps/backend/.env")
    app.write("kept")
    assert app.read() == ["kept"] * 3


def test_examples_that_were_copied_are_no_passwords(other: Stack) -> None:
    for example in ("infra/.env.example", "apps/backend/.env.example"):
        copy = (other.workspace / example).with_suffix("")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text((ROOT / example).read_text(encoding="utf-8"), encoding="utf-8")
    other.up()
    assert "made-on-the-first-run" not in other.env_file.read_text(encoding="utf-8")
    app = App(other.workspace / "apps/backend/.env")
    app.write("kept")
    assert app.read() == ["kept"] * 3
    assert other.up().idle


def test_a_password_that_is_a_plain_word(other: Stack) -> None:
    services = with_service(other, "postgres", password="postgres")
    other.up(stack_services=services)
    assert "groundwork/postgres" in other.env_file.read_text(encoding="utf-8")
    assert other.up(stack_services=services).idle


def test_a_service_that_leaves_the_inventory_leaves_its_data(other: Stack) -> None:
    other.up()
    rest = {name: service for name, service in other.services.items() if name != "qdrant"}
    apps = {"backend": {"path": "apps/backend/.env", "services": ["postgres", "redis"]}}
    other.up(stack_services=rest, env_files_apps=apps)
    assert set(other.containers()) == {"postgres", "redis"}
    assert f"{other.project}_qdrant_data" in docker("volume", "ls", "-q")
    assert other.up(stack_services=rest, env_files_apps=apps).idle


def test_a_second_database_is_one_more_entry(other: Stack) -> None:
    entry = {"kind": "postgres", "image": "postgres:16-alpine", "port": slot_port(15540)}
    services = other.services | {"reports": entry | {"database": "reports"}}
    apps = {"backend": {"path": "apps/backend/.env", "services": [*other.services, "reports"]}}
    other.up(stack_services=services, env_files_apps=apps)
    text = (other.workspace / "apps/backend/.env").read_text(encoding="utf-8")
    assert "REPORTS_URL=postgresql://app:" in text
    assert f"@127.0.0.1:{slot_port(15540)}/reports" in text
    assert other.up(stack_services=services, env_files_apps=apps).idle


def test_an_app_env_that_is_a_directory(other: Stack) -> None:
    directory = other.workspace / "apps/backend/.env"
    directory.mkdir(parents=True)
    text = other.refuse()
    assert str(directory) in text
    assert "is a directory" in text
    assert other.containers() == {}


def test_an_app_env_whose_directory_is_a_file(other: Stack) -> None:
    (other.workspace / "apps").write_text("mine")
    text = other.refuse()
    assert str(other.workspace / "apps") in text
    assert (other.workspace / "apps").read_text() == "mine"


def test_a_container_that_crashes_shows_its_log_at_once(stack: Stack, other: Stack) -> None:
    docker("build", "-q", "-t", "groundwork-test/crash:1", *crashing(stack.images["redis"], other))
    try:
        services = with_service(other, "redis", image="groundwork-test/crash:1")
        started = time.monotonic()
        text = other.refuse(stack_services=services, stack_health_timeout=600)
        assert time.monotonic() - started < 300, "waited for the time-out"
        assert "the disk is on fire" in text
        assert "redis" in text
    finally:
        docker("rm", "-f", *(item["Id"] for item in other.containers().values()))
        docker("rmi", "groundwork-test/crash:1")
    other.up()


def crashing(image: str, stack: Stack) -> list[str]:
    """A directory to build an image from that says something and dies."""
    directory = stack.workspace / "crash"
    directory.mkdir()
    entry = '["sh", "-c", "echo the disk is on fire >&2; exit 3"]'
    (directory / "Dockerfile").write_text(f"FROM {image}\nENTRYPOINT {entry}\n")
    return [str(directory)]


def schema_tree(stack: Stack, **files: str) -> Path:
    """The project's Alembic tree with further revisions in it."""
    tree = stack.workspace / "schema tree"
    subprocess.run(["cp", "-r", str(ROOT / "alembic"), str(tree)], check=True)
    for name, body in files.items():
        (tree / "versions" / f"{name}.py").write_text(body)
    return tree


def revision(identifier: str, parent: str, upgrade: str) -> str:
    return (
        f'"""{identifier}"""\nfrom alembic import op\n'
        f'revision = "{identifier}"\ndown_revision = "{parent}"\n'
        f"def upgrade():\n    {upgrade}\ndef downgrade():\n    pass\n"
    )


BASE = "8c1d2f1f0a9b"


def test_a_migration_that_fails_half_way_names_revision_file_and_sql(other: Stack) -> None:
    body = 'op.execute("CREATE TABLE half (id int)"); op.execute("SELECT no_such_column")'
    tree = schema_tree(other, broken=revision("broken", BASE, body))
    text = other.refuse(schema_dir=str(tree))
    for word in ("broken", "broken.py", "no_such_column"):
        assert word in text
    with App(other.workspace / "apps/backend/.env").postgres() as connection:
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        table = connection.execute("SELECT to_regclass('half')").fetchone()
    assert (version, table) == ((BASE,), (None,))
    (tree / "versions/broken.py").write_text(revision("broken", BASE, 'op.execute("SELECT 1")'))
    other.up(schema_dir=str(tree))
    assert other.up(schema_dir=str(tree)).idle


def test_two_heads_and_a_database_that_is_ahead(other: Stack) -> None:
    tree = schema_tree(other, one=revision("one", BASE, "pass"), two=revision("two", BASE, "pass"))
    text = other.refuse(schema_dir=str(tree))
    assert "one" in text
    assert "two" in text
    (tree / "versions/two.py").unlink()
    other.up(schema_dir=str(tree))
    text = other.refuse()
    assert "one" in text
    assert "ahead" in text


def test_a_second_run_at_the_same_time_is_told_of_the_first(other: Stack) -> None:
    first = other.start()
    wait_for((other.infra / ".lock").exists)
    text = other.refuse()
    output, _ = first.communicate(timeout=PLAYBOOK_SECONDS)
    assert first.returncode == 0, output
    assert f"process {first.pid}" in text
    assert other.up().idle


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def has_a_worker(pid: int) -> bool:
    """Whether ansible-playbook has a child for a task: in a session of its own, unlike helpers."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with contextlib.suppress(OSError):
            if os.getsid(int(child)) == int(child):
                return True
    return False


STAGES: dict[str, Callable[[Stack], object]] = {
    "the first task": lambda stack: True,
    "the lock": lambda stack: (stack.infra / ".lock").exists(),
    "the files": lambda stack: stack.env_file.exists(),
    "the containers": lambda stack: stack.containers(),
    "the env files": lambda stack: (stack.workspace / "apps/backend/.env").exists(),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_that_is_interrupted_is_finished_by_the_next(other: Stack, stage: str) -> None:
    run = other.start()
    # Ansible is at its first task; before that it shows a trace of its own when interrupted.
    wait_for(lambda: has_a_worker(run.pid))
    wait_for(lambda: STAGES[stage](other))
    os.killpg(run.pid, signal.SIGINT)  # as ctrl-C does: everything in the terminal
    output, _ = run.communicate(timeout=60)
    assert "Traceback" not in output
    other.up()
    app = App(other.workspace / "apps/backend/.env")
    app.write("kept")
    assert app.read() == ["kept"] * 3
    assert other.up().idle
    assert BEGIN in other.env_file.read_text(encoding="utf-8")
    assert not [path for path in other.infra.iterdir() if path.name.startswith(".docker-compose")]


def test_the_documented_way_to_another_image_keeps_the_data(other: Stack) -> None:
    """docs/data.md, "Moving PostgreSQL": the same commands, back into the same image."""
    other.up()
    app = App(other.workspace / "apps/backend/.env")
    app.write("kept")
    compose = ["compose", "--project-directory", str(other.infra), "exec", "-T", "postgres"]
    dump = subprocess.run(
        ["docker", *compose, "pg_dump", "-U", "app", "-Fc", "app"], capture_output=True, check=True
    ).stdout
    assert other.play("down").code == 0
    docker("volume", "rm", f"{other.project}_postgres_data")
    other.up("-e", "schema_dir=")
    subprocess.run(
        ["docker", *compose, "pg_restore", "-U", "app", "-d", "app"], input=dump, check=True
    )
    other.up()
    assert app.read() == ["kept"] * 3
    assert other.up().idle


def test_a_check_where_nothing_is_yet_says_so_and_changes_nothing(other: Stack) -> None:
    play = other.play("dev", "--check", "--diff")
    assert play.code == 0, play.output
    assert play.changed > 0
    assert not other.infra.exists()
    assert not (other.workspace / "apps").exists()
    assert not other.containers()
