"""A first start of PostgreSQL that was killed, with an entry point in the official one's shape.

Each test makes the volume that such a kill leaves: initdb is stopped once a file is there. Then
the playbook has to come to the end that it would have come to without the kill.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from ansible.module_utils.groundwork.docker.cli import Docker
from ansible.module_utils.groundwork.host.postgres_roles import scram_verifier
from ansible.module_utils.groundwork.images.recipes import recipe

from .stack import ROOT, Stack, docker, new_stack, slot_name

IMAGE = slot_name("groundwork-test/first-start") + ":16"
PGDATA = "/var/lib/postgresql/data"
# Everything in the container is killed as soon as the file is there; without one, initdb ends
INITDB = """
find "$PGDATA" -mindepth 1 -delete
initdb --username="$2" --pwfile=/run/password --auth-host=scram-sha-256 --data-checksums &
[[ $1 ]] || { wait; exit; }
until [[ -e $PGDATA/$1 ]]; do kill -0 $!; done
kill -KILL -1
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One PostgreSQL, which has run once."""
    base = recipe(ROOT / "images", "postgres").reference
    directory = ROOT / "tests/integration/postgres_init"
    docker("build", "--quiet", f"--build-arg=BASE={base}", f"--tag={IMAGE}", str(directory))
    stack = new_stack(tmp_path_factory.mktemp("first start"), "groundwork-first-start", 16100)
    database = stack.services["postgres"] | {"image": IMAGE}
    stack.variables |= {
        "stack_services": {"postgres": database},
        "env_files_apps": {},
        "schema_dir": "",
        "images_sources": ["present"],
        "stack_health_timeout": 60,
    }
    try:
        stack.up()
        yield stack
    finally:
        stack.destroy()
        docker("rmi", IMAGE)


def fill(stack: Stack, script: str, *arguments: str) -> None:
    """Stop the server, and let a script make of its volume what a killed start left."""
    container = stack.containers()["postgres"]["Id"]
    docker("stop", container)
    password = stack.infra / ".secrets/postgres"  # of the cluster's owner
    name = docker(
        *("create", "--user=postgres", f"--volume={stack.project}_postgres_data:{PGDATA}"),
        *(f"--volume={password}:/run/password:ro", "--entrypoint=bash", IMAGE),
        *("-euc", script, "script", *arguments),
    ).strip()
    try:
        docker("start", name)
        docker("wait", name)
    finally:
        docker("rm", name)


def works(stack: Stack) -> None:
    """The app comes in over TCP, and the database is a whole one."""
    url = f"postgresql://app:{stack.postgres_password}@127.0.0.1:{stack.postgres_port}/app"
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE whole (word text)")
        connection.execute("SELECT * FROM information_schema.tables, pg_stat_activity")


@pytest.mark.parametrize(
    ("file", "owner", "says"),
    [
        ("pg_wal", "postgres", "made anew"),
        ("base/1/PG_VERSION", "postgres", "made anew"),
        ("base/5", "postgres", "made anew"),
        ("", "postgres", "app was made"),
        # One of a release before, whose clusters were the app's user's
        ("", "app", "app was made"),
    ],
)
def test_a_first_start_that_was_killed_is_made_up_for(
    stack: Stack, file: str, owner: str, says: str
) -> None:
    fill(stack, INITDB, file, owner)
    play = stack.up()
    assert says in " ".join(play.output.split())
    works(stack)
    again = stack.up()
    assert again.changed == 0
    assert "cut short" not in again.output


def test_a_persons_file_in_what_is_left_forbids_it(stack: Stack) -> None:
    fill(stack, INITDB, "base/1/PG_VERSION", "postgres")
    volume = f"--volume={stack.project}_postgres_data:/volume"
    inside = ("run", "--rm", volume, "--entrypoint=bash", IMAGE, "-euc")
    docker(*inside, "echo mine >/volume/notes")
    said = stack.refuse()
    assert "no pg_hba.conf entry" in " ".join(said.split())
    assert docker(*inside, "cat /volume/notes; ls /volume/base/1/PG_VERSION").startswith("mine")
    docker(*inside, "rm /volume/notes")
    stack.up()
    works(stack)


# What is there of the app's own when the run is killed that makes it
HALVES = {
    "nothing": "SELECT 1",
    "the role": "CREATE ROLE app LOGIN PASSWORD 'other'",
    "the database": "CREATE ROLE app LOGIN PASSWORD 'other'; CREATE DATABASE app",
}


@pytest.mark.parametrize("half", HALVES)
def test_a_run_that_was_killed_while_it_made_the_database_is_finished(
    stack: Stack, half: str
) -> None:
    fill(stack, INITDB, "", "postgres")
    hba = "echo host all all all scram-sha-256 >>$PGDATA/pg_hba.conf"
    container = stack.containers()["postgres"]["Id"]
    docker("start", container)
    wait_for(lambda: Docker().run("exec", container, "pg_isready", "-q").ok)
    docker("exec", container, "sh", "-c", hba)
    verifier = scram_verifier(stack.postgres_password)
    for statement in HALVES[half].replace("other", verifier).split("; "):
        sql(stack, statement)
    sql(stack, "SELECT pg_reload_conf()")
    stack.up()
    works(stack)
    assert stack.up().idle


def wait_for(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def sql(stack: Stack, text: str, database: str = "postgres", user: str = "postgres") -> str:
    container = stack.containers()["postgres"]["Id"]
    return docker("exec", container, "psql", "-XAtqU", user, "-d", database, "-c", text)


def test_a_database_of_another_owner_is_named_and_left_alone(stack: Stack) -> None:
    """Whether the user was renamed, or the inventory's name is a wrong one."""
    sql(stack, "CREATE TABLE kept (word text)", "app", "app")
    said = " ".join(stack.refuse(stack_services=renamed(stack, user="shop")).split())
    assert "app belongs to app, not to shop" in said
    assert sql(stack, "SELECT count(*) FROM kept", "app").strip() == "0"
    assert stack.up().changed == 0


def renamed(stack: Stack, **options: str) -> dict[str, Any]:
    return {"postgres": stack.services["postgres"] | options}
