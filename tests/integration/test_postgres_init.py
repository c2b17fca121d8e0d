"""A first start of PostgreSQL that was killed, with an entry point in the official one's shape.

Each test makes the volume that such a kill leaves: initdb is stopped once a file is there. Then
the playbook has to come to the end that it would have come to without the kill.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from ansible.module_utils.groundwork.images.recipes import recipe

from .stack import ROOT, Stack, docker, new_stack, slot_name

IMAGE = slot_name("groundwork-test/first-start") + ":16"
PGDATA = "/var/lib/postgresql/data"
# Everything in the container is killed as soon as the file is there; without one, initdb ends
INITDB = """
find "$PGDATA" -mindepth 1 -delete
initdb --username=app --pwfile=/run/password --auth-host=scram-sha-256 --data-checksums &
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
    password = stack.infra / ".secrets/postgres"
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
    ("file", "says"),
    [
        ("pg_wal", "made anew"),
        ("base/1/PG_VERSION", "made anew"),
        ("base/5", "made anew"),
        ("", "app was made"),
    ],
)
def test_a_first_start_that_was_killed_is_made_up_for(stack: Stack, file: str, says: str) -> None:
    fill(stack, INITDB, file)
    play = stack.up()
    assert says in " ".join(play.output.split())
    works(stack)
    again = stack.up()
    assert again.changed == 0
    assert "cut short" not in again.output


def test_a_persons_file_in_what_is_left_forbids_it(stack: Stack) -> None:
    fill(stack, INITDB, "base/1/PG_VERSION")
    volume = f"--volume={stack.project}_postgres_data:/volume"
    inside = ("run", "--rm", volume, "--entrypoint=bash", IMAGE, "-euc")
    docker(*inside, "echo mine >/volume/notes")
    said = stack.refuse()
    assert "no pg_hba.conf entry" in " ".join(said.split())
    assert docker(*inside, "cat /volume/notes; ls /volume/base/1/PG_VERSION").startswith("mine")
    docker(*inside, "rm /volume/notes")
    stack.up()
    works(stack)


def test_a_database_of_another_name_is_named_and_left_alone(stack: Stack) -> None:
    """Whether it was renamed, or the inventory's name is a wrong one."""

    def sql(text: str, database: str = "postgres") -> str:
        container = stack.containers()["postgres"]["Id"]
        return docker("exec", container, "psql", "-XAtqU", "app", "-d", database, "-c", text)

    sql("CREATE TABLE kept (word text)", "app")
    sql("ALTER DATABASE app RENAME TO shop")
    said = " ".join(stack.refuse().split())
    assert "the databases in its volume: postgres, shop" in said
    assert "put the right name into the service's `database`" in said.lower()
    # The other way that it names
    container = stack.containers()["postgres"]["Id"]
    docker("exec", container, "createdb", "-U", "app", "app")
    stack.up()
    assert sql("SELECT count(*) FROM kept", "shop").strip() == "0"
