"""Data outlive what changes around them: volumes, passwords, services, images, a shell."""

from __future__ import annotations

import os
import subprocess

import pytest

from .clients import App
from .stack import (
    ROOT,
    Stack,
    docker,
    new_stack,
    nothing_is_there,
    slot_port,
    with_service,
)

HARD_PASSWORD = "p:w/d@?#%&=+ $x 'q' \"d\" {{ j }} `b` \\x ;|<>()*!~^[]ü€,"


def test_a_volume_of_another_flavour_is_refused_and_left_alone(other: Stack) -> None:
    volume = f"{other.project}_postgres_data"
    docker("volume", "create", "--label", "groundwork.flavour=postgres-15-musl", volume)
    text = other.refuse()
    for word in (
        volume,
        "postgres-15-musl",
        "stack_services.postgres.image",
        "playbooks/upgrade.yml",
    ):
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
        ["docker", *compose, "pg_restore", "-U", "postgres", "-d", "app"], input=dump, check=True
    )
    other.up()
    assert app.read() == ["kept"] * 3
    assert other.up().idle
