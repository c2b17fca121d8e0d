"""PostgreSQL moved to newer versions by playbooks/upgrade.yml, and back; runs that are killed."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ansible.module_utils.groundwork.data import postgres_comparison, postgres_dump
from ansible.module_utils.groundwork.docker import volumes as live_volumes
from ansible.module_utils.groundwork.docker.cli import Docker

from .data_copies import jobs
from .killed import Upgrades, trial
from .newer_postgres import newer_image
from .stack import Stack, docker, family, kill, new_stack, with_service

FILL = """
CREATE ROLE readers;
CREATE ROLE reporter LOGIN PASSWORD 'reporter-word' CONNECTION LIMIT 3;
GRANT readers TO reporter;
ALTER ROLE reporter SET statement_timeout = '9s';
ALTER DATABASE app SET work_mem = '7MB';
ALTER SYSTEM SET log_min_duration_statement = '12345';
GRANT CONNECT ON DATABASE app TO reporter;
CREATE EXTENSION hstore;
CREATE EXTENSION pgcrypto SCHEMA public;
CREATE SCHEMA shop AUTHORIZATION app;
SET ROLE app;
CREATE TABLE shop.words (id bigserial PRIMARY KEY, word text, more hstore);
INSERT INTO shop.words (word, more) SELECT md5(i::text), hstore('n', i::text)
  FROM generate_series(1, 2000) i;
CREATE INDEX words_word ON shop.words (word);
CREATE SEQUENCE shop.numbers INCREMENT 5 START 100;
SELECT nextval('shop.numbers'), nextval('shop.numbers');
GRANT USAGE ON SCHEMA shop TO readers;
GRANT SELECT ON shop.words TO readers;
SELECT lo_from_bytea(4711, decode(repeat('00ff', 5000), 'hex'));
"""


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    return lambda major: newer_image(major, tmp_path_factory.mktemp("recipe"))


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Stack]:
    """A PostgreSQL 16 alone, with data."""
    stack = new_stack(tmp_path / "work space", "groundwork-upgrade", 15632)
    services = {"postgres": stack.services["postgres"]}
    apps = {"backend": {"path": "apps/backend/.env", "services": ["postgres"]}}
    stack.variables |= {"stack_services": services, "env_files_apps": apps}
    try:
        stack.up()
        container = stack.containers()["postgres"]["Id"]
        command = ["docker", "exec", "-i", container, "psql", "-XqU", "postgres", "-d", "app"]
        done = subprocess.run(
            [*command, "-v", "ON_ERROR_STOP=1"], input=FILL, text=True, capture_output=True
        )
        assert done.returncode == 0, done.stderr
        yield stack
    finally:
        stack.destroy()


def facts(stack: Stack) -> dict[str, Any]:
    return postgres_dump.read_facts(
        Docker(), stack.containers()["postgres"]["Id"], stack.postgres_user
    )


def ask(stack: Stack, query: str, user: str = "", password: str = "") -> str:
    """As the app does, over TCP with a password."""
    with psycopg.connect(
        host="127.0.0.1",
        port=stack.postgres_port,
        user=user or stack.postgres_user,
        password=password or stack.postgres_password,
        dbname=stack.postgres_database,
    ) as connection:
        row = connection.execute(query.encode()).fetchone()
    return str(row[0]) if row else ""


def major(stack: Stack) -> str:
    return ask(stack, "SHOW server_version").partition(".")[0]


def moved(stack: Stack, image: str) -> dict[str, Any]:
    """The stack's services with that image."""
    return with_service(stack, "postgres", image=image)


def live(stack: Stack) -> int:
    """Which volume counts."""
    return live_volumes.read(stack.infra).get("postgres", 0)


def volumes(stack: Stack) -> list[str]:
    found = docker("volume", "ls", "-q", "--filter", f"name=^{stack.project}_").split()
    return [name for name in found if not name.endswith("_owner")]


def test_to_17_and_back(filled: Stack, images: Callable[[str], str]) -> None:
    stack, before = filled, facts(filled)
    old = with_service(stack, "postgres")
    new = moved(stack, images("17"))

    said = stack.refuse(stack_services=new)
    assert "playbooks/upgrade.yml -e service=postgres" in said
    lacking = without_hstore(images("17"))
    started = stack.started_at()
    try:
        said = stack.refuse(
            playbook="upgrade", service="postgres", stack_services=moved(stack, lacking)
        )
    finally:
        docker("rmi", lacking)
    assert "app: hstore" in said
    assert stack.started_at() == started
    assert volumes(stack) == [f"{stack.project}_postgres_data"]

    play = stack.play("upgrade", service="postgres", stack_services=new)
    assert play.code == 0, play.output
    assert "postgres-16-glibc to postgres-17-glibc" in play.output
    after = facts(stack)
    assert after["version"].startswith("17.")
    assert not postgres_comparison.differences(before, after)
    assert before["databases"]["app"]["revisions"] == after["databases"]["app"]["revisions"]
    assert major(stack) == "17"
    asked = "SELECT count(*) || current_setting('statement_timeout') FROM shop.words"
    assert ask(stack, asked, "reporter", "reporter-word") == "20009s"
    assert ask(stack, "SHOW log_min_duration_statement") == "12345ms"
    assert jobs(stack.project) == []
    play = stack.up(stack_services=new)
    assert play.idle, play.output
    play = stack.play("upgrade", service="postgres", stack_services=new)
    assert play.code == 0, play.output
    assert play.changed == 0, play.output

    ask(stack, "INSERT INTO shop.words (word) VALUES ('later') RETURNING 1")
    said = stack.refuse(playbook="restore", back=True, stack_services=new)
    assert "data from before of postgres are postgres-16-glibc" in said
    play = stack.play("restore", back=True, service="postgres", stack_services=old)
    assert play.code == 0, play.output
    assert major(stack) == "16"
    assert not postgres_comparison.differences(before, facts(stack))
    assert stack.up(stack_services=old).idle
    play = stack.play("restore", confirm=True, stack_services=old)
    assert play.code == 0, play.output
    assert volumes(stack) == [f"{stack.project}_postgres_data"]


def without_hstore(image: str) -> str:
    """An image of that PostgreSQL that lacks one extension."""
    recipe = f"FROM {image}\nRUN rm /usr/local/postgresql/share/extension/hstore.control\n"
    name = "groundwork-test/postgres-lacking:1"
    done = subprocess.run(
        ["docker", "build", "-q", "-t", name, "-"], input=recipe, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return name


def kill_upgrade(stack: Stack, services: dict[str, Any], moment: Callable[[], bool]) -> None:
    """Begin an upgrade, and end it and all of its processes by SIGKILL at that moment."""
    run = stack.start("upgrade", subprocess.DEVNULL, service="postgres", stack_services=services)
    deadline = time.monotonic() + 90
    while not moment():
        assert run.poll() is None, "it ended before"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    kill(family(run.pid))
    run.wait(30)


def test_to_18_killed_before_and_after_the_switch(
    filled: Stack, images: Callable[[str], str]
) -> None:
    stack, before = filled, facts(filled)
    new = moved(stack, images("18"))

    # Once the former server runs, the dump gets its volume
    dumps = f"{stack.project}_upgrade"
    kill_upgrade(stack, new, lambda: dumps in docker("volume", "ls", "-q").split())
    assert live(stack) == 0
    stack.up()
    assert jobs(stack.project) == []
    assert major(stack) == "16"
    assert not postgres_comparison.differences(before, facts(stack))

    kill_upgrade(stack, new, lambda: live(stack) > 0)
    stack.up(stack_services=new)
    assert jobs(stack.project) == []
    after = facts(stack)
    assert after["version"].startswith("18.")
    assert not postgres_comparison.differences(before, after)
    assert major(stack) == "18"
    assert stack.up(stack_services=new).idle
    container = stack.containers()["postgres"]
    names = {mount["Destination"]: mount.get("Name") for mount in container["Mounts"]}
    wanted = f"{stack.project}_postgres_data.{live(stack)}"
    assert names["/var/lib/postgresql/data"] == wanted
    assert "/var/lib/postgresql" not in names, "a volume of the image's own"
    assert "PG_VERSION" in docker("exec", container["Id"], "ls", "/var/lib/postgresql/data")
    play = stack.play("restore", back=True, service="postgres")
    assert play.code == 0, play.output
    assert not postgres_comparison.differences(before, facts(stack))
    assert major(stack) == "16"


def test_killed_at_random_it_is_16_or_17(filled: Stack, images: Callable[[str], str]) -> None:
    filled.variables["stack_services"] = with_service(filled, "postgres", tls=True)
    filled.up()
    trial(Upgrades(filled, images("17"), "17"), 5, random.Random(16))
