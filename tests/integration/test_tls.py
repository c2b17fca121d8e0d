"""TLS on the stack's own services, turned on in the inventory; no client gets around it."""

from __future__ import annotations

import http.client
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from ansible.module_utils.groundwork.tls import certificates
from ansible.module_utils.groundwork.tls.certificates import CA, KeyPair

from .clients import App, SecureApp
from .stack import Stack, docker, new_stack, slot_port

FIRST_PORT = 16740


def tls(stack: Stack, **more: Any) -> dict[str, Any]:
    """The stack's services with TLS, and `more` for PostgreSQL."""
    services = {name: entry | {"tls": True} for name, entry in stack.services.items()}
    return {"stack_services": services | {"postgres": services["postgres"] | more}}


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that had data before TLS was turned on."""
    stack = new_stack(tmp_path_factory.mktemp("tls späce"), "groundwork-tls", FIRST_PORT)
    try:
        stack.up()
        App(stack.workspace / "apps/backend/.env").write("from before")
        stack.variables |= tls(stack)
        stack.up()
        yield stack
    finally:
        stack.destroy()


@pytest.fixture
def app(secure: Stack) -> SecureApp:
    return SecureApp(secure.workspace / "apps/backend/.env")


def test_data_stay_and_clients_that_verify_get_in(secure: Stack, app: SecureApp) -> None:
    assert app.read() == ["from before"] * 3
    with app.postgres() as connection:
        row = connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert row.fetchone() == (True,)


def test_the_containers_are_healthy_by_their_own_checks(secure: Stack) -> None:
    for name in secure.services:
        health = secure.containers()[name]["State"]["Health"]
        assert health["Status"] == "healthy", health


def test_a_second_run_has_nothing_to_do(secure: Stack) -> None:
    before = secure.started_at()
    play = secure.up()
    assert play.idle, play.output
    assert "certificates until" in play.output
    assert secure.started_at() == before


def test_a_snapshot_is_made_and_put_back(secure: Stack, app: SecureApp) -> None:
    app.write("kept")
    play = secure.play("snapshot", snapshot="with-tls")
    assert play.code == 0, play.output
    app.write("lost")
    play = secure.play("restore", snapshot="with-tls")
    assert play.code == 0, play.output
    assert app.read() == ["kept"] * 3
    assert secure.up().idle
    play = secure.play("restore", confirm="true")
    assert play.code == 0, play.output
    assert secure.play("snapshot", remove="with-tls").code == 0
    app.write("from before")


def test_nobody_gets_in_without_tls(secure: Stack) -> None:
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(
            host="127.0.0.1",
            port=slot_port(FIRST_PORT),
            user=secure.postgres_user,
            password=secure.postgres_password,
            dbname=secure.postgres_database,
            sslmode="disable",
            connect_timeout=5,
        )
    with pytest.raises(redis.ConnectionError):
        redis.Redis(port=secure.redis_port, password=secure.redis_password, socket_timeout=5).ping()
    plain = http.client.HTTPConnection("127.0.0.1", slot_port(FIRST_PORT) + 1, timeout=5)
    with pytest.raises((http.client.HTTPException, OSError)):
        plain.request("GET", "/readyz")
        plain.getresponse()


def test_who_trusts_somebody_else_does_not_get_in(secure: Stack, app: SecureApp) -> None:
    other = secure.workspace / "other.crt"
    wanted = {"postgres": ["127.0.0.1"]}
    pairs = certificates.renew({}, wanted, "other", datetime.now(timezone.utc))
    other.write_text(pairs[CA].certificate)
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(app._env("DATABASE_URL"), sslrootcert=str(other), connect_timeout=5)


def test_a_password_and_tls_are_asked_for_inside_the_network_too(secure: Stack) -> None:
    psql = ("psql", "-h", "postgres", "-U", "app", "-d", "app", "-c", "SELECT 1")
    container = secure.containers()["postgres"]["Id"]
    for mode, words in (("disable", "no encryption"), ("require", "no password supplied")):
        done = subprocess.run(
            ["docker", "exec", "-e", f"PGSSLMODE={mode}", container, *psql],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert words in done.stderr


def test_only_its_owner_reads_the_keys_and_inspect_shows_none(secure: Stack) -> None:
    directory = secure.infra / ".secrets"
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / "_authority.key").stat().st_mode & 0o777 == 0o400
    key = (directory / "postgres.key").read_text().splitlines()[1]
    for container in secure.containers().values():
        assert key not in docker("inspect", container["Id"])


def test_an_ended_certificate_is_renewed_and_no_other(secure: Stack, app: SecureApp) -> None:
    """As it would be found two years on: this service's pair was made then."""
    directory, ca = secure.infra / ".secrets", secure.infra / "ca.crt"
    kept = {CA: KeyPair(ca.read_text(), (directory / "_authority.key").read_text())}
    then = datetime.now(timezone.utc) - timedelta(days=750)
    names = ["127.0.0.1", "localhost", "redis"]
    old = certificates._issue(kept[CA], "redis", names, then)
    for suffix, text in (("crt", old.certificate), ("key", old.key)):
        path = directory / f"redis.{suffix}"
        path.chmod(0o644)
        path.write_text(text)
    before = secure.started_at()
    secure.up()
    after = secure.started_at()
    assert {name for name in before if before[name] != after[name]} == {"redis"}
    assert ca.read_text() == kept[CA].certificate
    assert app.read() == ["from before"] * 3


def test_a_new_password_follows_with_tls(secure: Stack, app: SecureApp) -> None:
    play = secure.play("rotate", stack_rotate="postgres,redis")
    assert play.code == 0, play.output
    assert app.read() == ["from before"] * 3


def test_ones_own_certificate(secure: Stack, app: SecureApp, tmp_path: Path) -> None:
    wanted = {"postgres": ["127.0.0.1", "localhost"]}
    pairs = certificates.renew({}, wanted, "company", datetime.now(timezone.utc))
    files = {"certificate": tmp_path / "db.crt", "key": tmp_path / "db.key"}
    files["certificate"].write_text(pairs["postgres"].certificate)
    files["key"].write_text(pairs["postgres"].key)
    company = tmp_path / "company.crt"
    company.write_text(pairs[CA].certificate)
    own = {name: str(path) for name, path in files.items()} | {"ca_file": str(company)}

    there = secure.refuse(**tls(secure, **own | {"key": "/nowhere/db.key"}))
    assert "stack_services.postgres.key" in there
    status = secure.play("status", **tls(secure, **own | {"key": "/nowhere/db.key"}))
    assert status.code == 0
    assert "/nowhere/db.key can't be read" in status.output
    assert app.read() == ["from before"] * 3

    secure.up(**tls(secure, **own))
    assert app._env("DATABASE_URL").endswith(f"sslrootcert={company}")
    assert app.read() == ["from before"] * 3
    assert secure.up(**tls(secure, **own)).idle
    secure.up()


def test_without_tls_again(secure: Stack) -> None:
    plain = {name: entry | {"tls": False} for name, entry in secure.services.items()}
    secure.up(stack_services=plain)
    assert App(secure.workspace / "apps/backend/.env").read() == ["from before"] * 3
    secure.up()
    assert SecureApp(secure.workspace / "apps/backend/.env").read() == ["from before"] * 3
