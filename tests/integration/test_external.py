"""Services that somebody else runs: no container, everything else as usual, TLS verified."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dotenv
import psycopg
import pytest
from ansible.module_utils.groundwork.images.recipes import read_recipes

from . import external_servers
from .clients import SecureApp
from .stack import ROOT, Stack, docker, slot_port

OWN_REDIS = slot_port(16736)


@dataclass
class Without(Stack):
    """A stack on a machine whose engine doesn't answer."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"DOCKER_HOST": "unix:///nowhere/docker.sock"}


@pytest.fixture(scope="module")
def images(request: pytest.FixtureRequest) -> dict[str, str]:
    """The images that are here; where one isn't, the tests' stack gets them."""
    names = {name: recipe.reference for name, recipe in read_recipes(ROOT / "images").items()}
    there = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()
    if {names[kind] for kind in external_servers.PASSWORDS} <= set(there):
        return names
    stack: Stack = request.getfixturevalue("stack")
    return stack.images


@pytest.fixture(scope="module")
def theirs(
    images: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[external_servers.TestCA]:
    made = external_servers.ca(tmp_path_factory.mktemp("their") / "tls files")
    with external_servers.servers(images, made):
        yield made


@pytest.fixture
def external(theirs: external_servers.TestCA, tmp_path: Path) -> Iterator[Stack]:
    yield from workspace(Stack(tmp_path / "work space"), theirs)


@pytest.fixture
def engineless(theirs: external_servers.TestCA, tmp_path: Path) -> Iterator[Stack]:
    yield from workspace(Without(tmp_path / "work space"), theirs)


def workspace(stack: Stack, theirs: external_servers.TestCA) -> Iterator[Stack]:
    stack.workspace.mkdir()
    stack.variables = {
        "stack_name": external_servers.NAME,
        "workspace_dir": str(stack.workspace),
        "stack_services": {
            "postgres": entry(
                "postgres", external_servers.POSTGRES, theirs, url_variable="DATABASE_URL"
            ),
            "qdrant": entry("qdrant", external_servers.QDRANT_TLS, theirs),
            "redis": entry("redis", external_servers.REDIS, theirs),
        },
    }
    yield stack
    Stack(stack.workspace, stack.variables).destroy()


def entry(kind: str, port: int, theirs: external_servers.TestCA, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "external": True,
        "host": "localhost",
        "port": port,
        "password": external_servers.PASSWORDS[kind],
        "ca_file": str(theirs.ca),
    } | more


def services(stack: Stack, name: str, **change: Any) -> dict[str, Any]:
    return stack.services | {name: stack.services[name] | change}


def app_of(stack: Stack) -> SecureApp:
    return SecureApp(stack.workspace / "apps/backend/.env")


def volumes() -> list[str]:
    return docker(
        "volume", "ls", "-q", "--filter", f"name={external_servers.NAME}_.*_data$"
    ).split()


def test_all_external_is_as_good_as_our_own(external: Stack) -> None:
    play = external.play("dev", "--check")
    assert play.code == 0, play.output
    assert not external.env_file.exists()

    first = external.up()
    app = app_of(external)
    app.write("kept")
    assert app.read() == ["kept"] * 3
    with app.postgres() as connection:
        assert connection.pgconn.ssl_in_use
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert row == ("8c1d2f1f0a9b",)

    assert not external.containers()
    assert not volumes()
    again = external.up()
    assert again.idle, again.output
    checked = external.up("--check", "--diff")
    assert checked.idle, checked.output
    status = external.play("status")
    assert status.code == 0, status.output
    assert status.output.count("external") >= 3
    for secret in external_servers.PASSWORDS.values():
        for play in (first, again, checked, status):
            assert secret not in play.output


def test_a_secret_is_written_for_those_who_need_it_only(external: Stack) -> None:
    external.up()
    holders = {
        str(path.relative_to(external.workspace))
        for path in external.workspace.rglob("*")
        if path.is_file()
        and path.name != "variables.json"  # the tests' own
        and any(secret in path.read_text() for secret in external_servers.PASSWORDS.values())
    }
    assert holders == {"infra/.env", "apps/backend/.env"}
    assert external.env_file.stat().st_mode & 0o777 == 0o600
    values = dotenv.dotenv_values(external.env_file)
    assert not [name for name in values if name.endswith(("_IMAGE", "_FLAVOUR", "_ACL", "_CONFIG"))]
    assert values["REDIS_PASSWORD"] == external_servers.PASSWORDS["redis"]


def test_no_engine_is_needed_where_nothing_runs_here(engineless: Stack) -> None:
    engineless.up()
    app_of(engineless).write("without an engine")
    assert engineless.up().idle


@pytest.mark.parametrize("name", ["postgres", "qdrant", "redis"])
def test_a_wrong_host_name_is_refused_in_a_sentence(external: Stack, name: str) -> None:
    text = external.refuse(stack_services=services(external, name, host="127.0.0.1"))
    assert "127.0.0.1" in text
    assert "certificate" in text
    assert "`host` has to be a name in its certificate" in " ".join(text.split())
    assert external_servers.PASSWORDS[name] not in text


@pytest.mark.parametrize("name", ["postgres", "qdrant", "redis"])
def test_somebody_elses_authority_is_not_trusted(
    external: Stack, tmp_path: Path, name: str
) -> None:
    other = external_servers.ca(tmp_path / "other").ca
    text = external.refuse(stack_services=services(external, name, ca_file=str(other)))
    text = " ".join(text.split())
    assert "certificate verify failed" in text or "certificate is not trusted" in text, text
    text = external.refuse(stack_services=services(external, name, ca_file="/nowhere/ca.pem"))
    assert "/nowhere/ca.pem is not on this machine" in text


@pytest.mark.parametrize("name", ["postgres", "qdrant", "redis"])
def test_a_wrong_password_is_named_not_shown(external: Stack, name: str) -> None:
    text = external.refuse(stack_services=services(external, name, password="wrong-wrong-wrong"))
    assert f"stack_services.{name}.password" in text
    assert "wrong-wrong-wrong" not in text


def test_a_server_without_tls_is_not_talked_to(external: Stack) -> None:
    text = external.refuse(
        stack_services=services(external, "qdrant", port=external_servers.QDRANT)
    )
    assert "doesn't speak TLS" in text
    assert "tls: false" in " ".join(text.split())
    plain = services(external, "qdrant", port=external_servers.QDRANT, tls=False)
    plain["qdrant"].pop("ca_file")
    external.up(stack_services=plain)
    url = dotenv.dotenv_values(external.workspace / "apps/backend/.env")["QDRANT_URL"]
    assert url == f"http://localhost:{external_servers.QDRANT}"


def test_a_service_moves_out_and_its_data_stay(external: Stack) -> None:
    own = {"kind": "redis", "image": "redis:7-alpine", "port": OWN_REDIS}
    mixed = external.services | {"redis": own}
    external.up(stack_services=mixed)
    assert list(external.containers()) == ["redis"]
    assert external.up(stack_services=mixed).idle
    external.up()
    assert not external.containers()
    assert volumes() == [f"{external_servers.NAME}_redis_data"]
    assert external.up().idle


def test_the_migrations_can_be_run_by_hand(external: Stack) -> None:
    external.up()
    url = dotenv.dotenv_values(external.workspace / "apps/backend/.env")["DATABASE_URL"] or ""
    done = subprocess.run(
        [str(ROOT / ".venv/bin/alembic"), "current"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "8c1d2f1f0a9b" in done.stdout, done.stderr
    wrong = url.replace("@localhost:", "@127.0.0.1:")
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        psycopg.connect(wrong)
