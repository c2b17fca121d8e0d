"""PostgreSQL's roles, databases and extensions on a real server; and a stack from before them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from ansible.module_utils.groundwork import dotenv

from .stack import Stack, docker, new_stack

ROLES = {
    "reader": {"access": "read", "databases": ["app", "reports"]},
    "importer": {"access": "write"},
}
OBJECTS = {
    "extensions": ["dblink"],
    "databases": {"reports": None, "bills": {"owner": "billing"}},
    "roles": ROLES,
}
LOGINS = ["postgres", "postgres/reports", "postgres/bills", "reader@postgres", "importer@postgres"]
APPS = {"backend": {"path": "apps/backend/.env", "services": LOGINS}}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One PostgreSQL with roles, databases and an extension; each test leaves it up."""
    stack = new_stack(tmp_path_factory.mktemp("roles") / "work space", "groundwork-roles", 16600)
    alone(stack)
    stack.variables["stack_services"]["postgres"] |= OBJECTS
    stack.variables["env_files_apps"] = APPS
    stack.up()
    yield stack
    stack.destroy()


def alone(stack: Stack) -> None:
    stack.variables |= {
        "stack_services": {"postgres": stack.services["postgres"]},
        "env_files_apps": {"backend": {"path": "apps/backend/.env", "services": ["postgres"]}},
    }


def app_env(stack: Stack) -> dict[str, str]:
    return dotenv.parse((stack.workspace / "apps/backend/.env").read_text(encoding="utf-8"))


def sql(stack: Stack, variable: str, text: str) -> list[tuple[Any, ...]]:
    """Run a statement with an address of the app's env file."""
    with psycopg.connect(app_env(stack)[variable], autocommit=True) as connection:
        cursor = connection.execute(text)
        return cursor.fetchall() if cursor.description else []


def inside(stack: Stack, text: str, database: str = "app", user: str = "postgres") -> str:
    container = stack.containers()["postgres"]["Id"]
    return docker("exec", container, "psql", "-XAtU", user, "-d", database, "-c", text).strip()


def test_the_apps_role_owns_its_database_and_nothing_else(stack: Stack) -> None:
    for forbidden in (
        "CREATE ROLE intruder",
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "SELECT rolpassword FROM pg_authid",
        "CREATE EXTENSION postgres_fdw",
        "CREATE DATABASE another",
        "SELECT pg_read_file('/etc/passwd')",
        "ALTER SYSTEM SET work_mem = '1MB'",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sql(stack, "DATABASE_URL", forbidden)
    for allowed in (
        "CREATE TABLE mine (id serial PRIMARY KEY)",
        "DROP TABLE mine",
        "CREATE EXTENSION pgcrypto",
        "CREATE SCHEMA own CREATE TABLE inside (id int)",
        "DROP SCHEMA own CASCADE",
        "CREATE EXTENSION IF NOT EXISTS dblink",
    ):
        sql(stack, "DATABASE_URL", allowed)
    assert inside(stack, "SELECT rolname FROM pg_roles WHERE rolsuper") == "postgres"
    assert "POSTGRES_SUPERUSER_PASSWORD" not in str(app_env(stack))
    assert stack.env["POSTGRES_SUPERUSER_PASSWORD"] not in str(app_env(stack))


def test_a_second_run_is_idle(stack: Stack) -> None:
    assert stack.up().idle


def test_a_reader_reads_what_is_made_later_and_writes_nothing(stack: Stack) -> None:
    sql(stack, "DATABASE_URL", "CREATE TABLE later (id serial PRIMARY KEY, word text)")
    sql(stack, "DATABASE_URL", "CREATE SCHEMA next CREATE TABLE there (id int)")
    assert sql(stack, "POSTGRES_READER_URL", "SELECT * FROM later") == []
    assert sql(stack, "POSTGRES_READER_URL", "SELECT * FROM next.there") == []
    for forbidden in (
        "INSERT INTO later (word) VALUES ('x')",
        "DELETE FROM later",
        "TRUNCATE later",
        "CREATE TABLE mine (id int)",
        "SELECT nextval('later_id_seq')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sql(stack, "POSTGRES_READER_URL", forbidden)
    sql(stack, "POSTGRES_IMPORTER_URL", "INSERT INTO later (word) VALUES ('written')")
    assert sql(stack, "POSTGRES_READER_URL", "SELECT word FROM later") == [("written",)]
    for forbidden in ("DROP TABLE later", "CREATE TABLE mine (id int)"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            sql(stack, "POSTGRES_IMPORTER_URL", forbidden)


def test_a_database_is_its_owners_and_nobody_else_comes_in(stack: Stack) -> None:
    sql(stack, "POSTGRES_REPORTS_URL", "CREATE TABLE report (id int)")
    sql(stack, "POSTGRES_BILLS_URL", "CREATE TABLE bill (id int)")
    address = app_env(stack)["POSTGRES_READER_URL"]
    psycopg.connect(address, dbname="reports").execute("SELECT * FROM report")
    for url in (address, app_env(stack)["DATABASE_URL"]):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(url, dbname="bills")


def test_roles_of_an_older_table_and_a_changed_access(stack: Stack) -> None:
    """What is there already is granted; what a person took away stays away until access changes."""
    sql(stack, "DATABASE_URL", "CREATE TABLE hidden (id int)")
    sql(stack, "DATABASE_URL", "REVOKE ALL ON hidden FROM reader")
    more = with_roles(stack, auditor={"access": "read"})
    stack.up(stack_services=more)
    assert stack.up(stack_services=more).idle
    assert inside(stack, "SELECT has_table_privilege('auditor', 'hidden', 'SELECT')") == "t"
    assert inside(stack, "SELECT has_table_privilege('reader', 'hidden', 'SELECT')") == "f"
    writer = with_roles(stack, auditor={"access": "write"})
    stack.up(stack_services=writer)
    assert inside(stack, "SELECT has_table_privilege('auditor', 'hidden', 'INSERT')") == "t"
    stack.up(stack_services=more)
    assert inside(stack, "SELECT has_table_privilege('auditor', 'hidden', 'INSERT')") == "f"
    gone = stack.up()
    assert "the role auditor of postgres, which the inventory doesn't have any more" in gone.output
    assert inside(stack, "SELECT count(*) FROM pg_roles WHERE rolname = 'auditor'") == "1"
    inside(stack, "DROP OWNED BY auditor; DROP ROLE auditor")
    assert "auditor" not in stack.up().output


def with_roles(stack: Stack, **roles: dict[str, Any]) -> dict[str, Any]:
    return {"postgres": stack.services["postgres"] | {"roles": ROLES | roles}}


def test_a_role_gets_a_new_password_alone_or_with_its_service(stack: Stack) -> None:
    before = app_env(stack)
    play = stack.play("rotate", stack_rotate=["reader@postgres"])
    assert play.code == 0, play.output
    after = app_env(stack)
    assert {name for name in after if after[name] != before[name]} == {"POSTGRES_READER_URL"}
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(before["POSTGRES_READER_URL"])
    sql(stack, "POSTGRES_READER_URL", "SELECT 1")
    secrets = stack.secrets()
    play = stack.play("rotate")
    assert play.code == 0, play.output
    renewed = {name for name, value in stack.secrets().items() if value != secrets[name]}
    assert renewed == set(secrets) - {"STACK_CHECKSUM_SALT"}
    for value in (*secrets.values(), *stack.secrets().values()):
        assert value not in play.output
    for variable in app_env(stack):
        sql(stack, variable, "SELECT 1")
    superuser = f"postgresql://postgres:{stack.env['POSTGRES_SUPERUSER_PASSWORD']}@127.0.0.1"
    psycopg.connect(f"{superuser}:{stack.postgres_port}/postgres").close()
    assert stack.up().idle


def test_a_password_that_was_changed_by_hand_is_named_and_can_be_set(stack: Stack) -> None:
    inside(stack, "ALTER ROLE reader PASSWORD 'of somebody else'")
    said = " ".join(stack.refuse().split())
    assert "reader@postgres doesn't take the password" in said
    stack.up(stack_reset_passwords=True)
    sql(stack, "POSTGRES_READER_URL", "SELECT 1")
    assert stack.up().idle


def test_a_mistyped_role_is_refused_by_name(stack: Stack) -> None:
    apps = {"backend": {"path": "apps/backend/.env", "services": ["raeder@postgres"]}}
    assert "postgres has no role 'raeder'. Did you mean 'reader'?" in stack.refuse(
        env_files_apps=apps
    )
    said = stack.refuse(playbook="rotate", stack_rotate=["raeder@postgres"])
    assert "Did you mean 'reader@postgres'?" in said


@pytest.fixture
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack as the releases without a superuser of its own left it."""
    directory = tmp_path_factory.mktemp("before") / "work space"
    stack = new_stack(directory, "groundwork-before", 16610)
    alone(stack)
    try:
        stack.up()
        assert stack.play("down", stack_remove_data=f"{stack.project}/postgres").code == 0
        lines = stack.env_file.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = "".join(line for line in lines if not line.startswith("POSTGRES_SUPERUSER"))
        stack.env_file.write_text(kept, encoding="utf-8")
        compose = stack.infra / "docker-compose.yml"
        text = compose.read_text(encoding="utf-8")
        for name in ("USER", "DB"):
            text = text.replace(
                f"${{POSTGRES_SUPERUSER:-${{POSTGRES_{name}}}}}", f"${{POSTGRES_{name}}}"
            )
        compose.write_text(text, encoding="utf-8")
        secret = stack.infra / ".secrets/postgres"
        secret.chmod(0o600)
        secret.write_text(stack.postgres_password, encoding="utf-8")
        secret.chmod(0o444)
        subprocess.run(
            ["docker", "compose", "--project-directory", str(stack.infra), "up", "-d", "--wait"],
            env=os.environ | {"COMPOSE_PROJECT_NAME": stack.project},
            check=True,
        )
        yield stack
    finally:
        stack.destroy()


def test_a_stack_from_before_goes_on_and_moves_as_documented(before: Stack) -> None:
    """docs/postgres.md, "A stack from before": the same commands."""
    container = before.containers()["postgres"]["Id"]
    play = before.up()
    assert before.containers()["postgres"]["Id"] == container, "made anew for nothing"
    assert "app of postgres is a superuser" in play.output
    assert "SUPERUSER" not in before.env_file.read_text(encoding="utf-8")
    assert before.up().idle
    more = {"postgres": before.services["postgres"] | OBJECTS}
    before.up(stack_services=more)
    assert before.up(stack_services=more).idle
    for _ in range(2):  # by the superuser that such a stack has, the app's role
        reset = before.play("reset", service="postgres", stack_services=more)
        assert reset.code == 0, reset.output
    assert before.up(stack_services=more).idle
    sql(before, "DATABASE_URL", "CREATE TABLE kept (word text)")
    sql(before, "DATABASE_URL", "INSERT INTO kept VALUES ('kept')")
    password = before.postgres_password
    compose = ["docker", "compose", "--project-directory", str(before.infra), "exec", "-T"]
    dump = subprocess.run(
        [*compose, "postgres", "pg_dump", "-U", "app", "-Fc", "app"],
        capture_output=True,
        check=True,
    ).stdout
    gone = before.play("down", stack_remove_data=f"{before.project}/postgres")
    assert gone.code == 0, gone.output
    before.up("-e", "schema_dir=", stack_services=more)
    restore = [*compose, "postgres", "pg_restore", "-U", "postgres", "-d", "app"]
    subprocess.run(restore, input=dump, check=True)
    play = before.up(stack_services=more)
    assert "superuser" not in play.output
    assert before.up(stack_services=more).idle
    assert before.postgres_password == password
    assert sql(before, "DATABASE_URL", "SELECT word FROM kept") == [("kept",)]
    sql(before, "DATABASE_URL", "DROP TABLE kept")
    assert inside(before, "SELECT rolname FROM pg_roles WHERE rolsuper") == "postgres"


def test_an_extension_that_no_image_has_is_refused_before_the_volume_is_made(
    stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> None:
    new = new_stack(tmp_path_factory.mktemp("ext") / "work space", "groundwork-extension", 16620)
    alone(new)
    wanted = {"postgres": new.services["postgres"] | {"extensions": ["vector", "dblnk"]}}
    said = " ".join(new.refuse(stack_services=wanted).split())
    assert "has no extension dblnk, vector" in said
    assert "pgvector/pgvector" in said
    assert "Did you mean 'dblink'?" in said
    assert docker("volume", "ls", "-q", "--filter", f"name={new.project}_postgres") == ""
    before = stack.started_at()
    there = {"postgres": stack.services["postgres"] | {"extensions": ["dblink", "vector"]}}
    assert "has no extension vector" in " ".join(stack.refuse(stack_services=there).split())
    assert stack.started_at() == before
