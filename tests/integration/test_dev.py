"""playbooks/dev.yml: changes nothing where nothing differs, mends what does, loses nothing."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from ansible.module_utils.groundwork import dotenv

from .clients import App
from .stack import Stack, docker


@pytest.fixture
def app(stack: Stack) -> Iterator[App]:
    """The backend, with a word of its own in all three services."""
    app = App(stack.workspace / "apps/backend/.env")
    app.write("kept")
    yield app
    app.forget()


def test_a_second_run_changes_nothing_and_restarts_nothing(stack: Stack) -> None:
    before = stack.started_at(), stack.env_file.stat().st_mtime_ns
    play = stack.up()
    assert play.idle, play.output
    assert (stack.started_at(), stack.env_file.stat().st_mtime_ns) == before


def test_a_check_of_a_converged_machine_predicts_no_change(stack: Stack) -> None:
    play = stack.up("--check", "--diff")
    assert play.idle, play.output


def test_every_service_is_reached_with_the_apps_own_env_file(stack: Stack, app: App) -> None:
    assert app.read() == ["kept"] * 3


def test_the_schema_is_at_its_head(stack: Stack, app: App) -> None:
    with app.postgres() as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert row == ("8c1d2f1f0a9b",)


@pytest.mark.parametrize("service", ["postgres", "qdrant", "redis"])
def test_a_killed_container_runs_again_with_its_data(stack: Stack, app: App, service: str) -> None:
    others = {name: at for name, at in stack.started_at().items() if name != service}
    docker("kill", stack.containers()[service]["Id"])
    assert stack.up().changed > 0
    assert app.read() == ["kept"] * 3
    assert {name: at for name, at in stack.started_at().items() if name != service} == others
    assert stack.up().idle


def test_a_removed_container_runs_again_with_its_data(stack: Stack, app: App) -> None:
    docker("rm", "-f", *(item["Id"] for item in stack.containers().values()))
    stack.up()
    assert app.read() == ["kept"] * 3


@pytest.mark.parametrize("file", ["infra/docker-compose.yml", "infra/.env", "apps/backend/.env"])
def test_a_rendered_file_that_was_edited_by_hand_is_put_right(stack: Stack, file: str) -> None:
    path = stack.workspace / file
    before = path.read_text(encoding="utf-8")
    edited = re.sub(rf"\b(5432|{stack.postgres_port})\b", "5433", before)
    path.write_text(edited, encoding="utf-8")
    assert path.read_text(encoding="utf-8") != before
    play = stack.play("dev", "--check", "--diff")
    assert play.code == 0, play.output
    assert play.changed > 0
    assert "5433" in path.read_text(encoding="utf-8"), "a check changed the file"
    stack.up()
    assert path.read_text(encoding="utf-8") == before
    assert stack.up().idle


def test_a_persons_own_lines_in_an_apps_env_stay_where_they_are(stack: Stack) -> None:
    path = stack.workspace / "apps/backend/.env"
    before = path.read_text(encoding="utf-8")
    own = f"# mine\nMINE='a b'\n{before}AFTER=1\n"
    path.write_text(own.replace("APP_ENV=development", "APP_ENV=edited"), encoding="utf-8")
    stack.up()
    assert path.read_text(encoding="utf-8") == own
    path.write_text(before, encoding="utf-8")


def test_a_persons_own_lines_in_the_stacks_env_stay_and_do_not_win(stack: Stack) -> None:
    before = stack.env_file.read_text(encoding="utf-8")
    stack.env_file.write_text(f"{before}MINE='a b'\nREDIS_PORT=1\n", encoding="utf-8")
    stack.up()
    assert stack.env["MINE"] == "a b"
    assert stack.env["REDIS_PORT"] == str(stack.redis_port)
    assert stack.up().idle
    stack.env_file.write_text(before, encoding="utf-8")
    stack.up()


def test_a_deleted_secret_is_replaced_everywhere_and_no_data_move(stack: Stack, app: App) -> None:
    old = stack.env
    names = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "QDRANT_API_KEY")
    lines = stack.env_file.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(names)]
    stack.env_file.write_text("".join(kept), encoding="utf-8")
    stack.up()
    assert all(stack.env[name] and stack.env[name] != old[name] for name in names)
    assert app.read() == ["kept"] * 3
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(
            host="127.0.0.1",
            port=stack.postgres_port,
            user="app",
            dbname="app",
            password=old["POSTGRES_PASSWORD"],
        )
    assert stack.up().idle


def test_an_interrupted_change_of_a_password_is_finished_by_the_next_run(
    stack: Stack, app: App
) -> None:
    """As if the run was killed after infra/.env and before the database had the password."""
    text = stack.env_file.read_text(encoding="utf-8")
    (stack.infra / ".new-passwords").write_text("POSTGRES_PASSWORD\n")
    new = text.replace(stack.postgres_password, "another" + stack.postgres_password[7:])
    stack.env_file.write_text(new, encoding="utf-8")
    stack.up()
    assert app.read() == ["kept"] * 3
    assert not (stack.infra / ".new-passwords").exists()


def test_the_data_outlive_down_and_up(stack: Stack, app: App) -> None:
    play = stack.play("down")
    assert play.code == 0, play.output
    assert stack.containers() == {}
    assert stack.play("down").changed == 0
    stack.up()
    assert app.read() == ["kept"] * 3


def test_the_data_outlive_another_image_of_the_same_major_version(stack: Stack, app: App) -> None:
    other = {}
    for name, image in stack.images.items():
        other[name] = f"groundwork-test/{name}:another"
        docker("tag", image, other[name])
    services = {name: service | {"image": other[name]} for name, service in stack.services.items()}
    # A tag in the inventory is looked for on the host first. The stand-ins keep their name's
    # first part, by which Qdrant's storage format is told; see services/qdrant.py.
    services["qdrant"] = stack.services["qdrant"]
    try:
        stack.up(stack_services=services)
        assert stack.containers()["postgres"]["Config"]["Image"] == other["postgres"]
        assert app.read() == ["kept"] * 3
        assert stack.up(stack_services=services).idle
    finally:
        stack.up()
        for image in other.values():
            docker("rmi", image)
    assert app.read() == ["kept"] * 3


def test_the_order_of_removal_wants_the_stacks_name(stack: Stack, app: App) -> None:
    text = stack.refuse(playbook="down", stack_remove_data="groundwork")
    assert "nothing was touched" in text
    assert f"stack_remove_data={stack.project}" in text
    assert app.read() == ["kept"] * 3


def test_a_check_of_down_stops_nothing(stack: Stack) -> None:
    before = stack.started_at()
    play = stack.play("down", "--check")
    assert play.code == 0, play.output
    assert stack.started_at() == before


def test_status_reads_and_changes_nothing(stack: Stack) -> None:
    before = stack.started_at()
    play = stack.play("status")
    assert play.code == 0, play.output
    assert play.changed == 0
    assert "pending   nothing, up to date" in play.output
    for name, service in stack.services.items():
        assert name in play.output
        assert str(service["port"]) in play.output
    assert stack.started_at() == before


def test_no_output_shows_a_secret_even_when_asked_for_everything(stack: Stack) -> None:
    (stack.workspace / "apps/backend/.env").unlink()
    play = stack.up("-vvv", "--diff")
    for name, value in stack.secrets().items():
        assert value not in play.output, f"the output shows {name}"


def test_docker_inspect_shows_no_secret(stack: Stack) -> None:
    text = json.dumps(stack.containers())
    for name, value in stack.secrets().items():
        assert value not in text, f"docker inspect shows {name}"


def test_the_services_listen_on_loopback_alone(stack: Stack) -> None:
    for container in stack.containers().values():
        for bindings in container["NetworkSettings"]["Ports"].values():
            assert {binding["HostIp"] for binding in bindings or []} <= {"127.0.0.1"}
    address = socket.gethostbyname(socket.gethostname())
    if not address.startswith("127."):
        with pytest.raises(OSError, match=r"refused|timed out"):
            socket.create_connection((address, stack.postgres_port), timeout=2)


def test_the_containers_have_no_more_rights_than_they_need(stack: Stack) -> None:
    for name, container in stack.containers().items():
        host = container["HostConfig"]
        assert host["CapDrop"] == ["ALL"], name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert host["RestartPolicy"]["Name"] == "unless-stopped", name
        assert host["LogConfig"]["Config"]["max-size"] == "10m", name
        assert not host["Privileged"], name


def test_the_secrets_are_for_their_owner_alone(stack: Stack) -> None:
    for path in (stack.env_file, stack.workspace / "apps/backend/.env"):
        assert path.stat().st_mode & 0o777 == 0o600


def test_compose_works_by_hand_in_the_directory(stack: Stack) -> None:
    out = docker("compose", "--project-directory", str(stack.infra), "up", "-d", "--dry-run")
    assert "Recreate" not in out
    env = dotenv.parse(Path(stack.env_file).read_text(encoding="utf-8"))
    assert env["DATABASE_URL"].endswith("@postgres:5432/app")
