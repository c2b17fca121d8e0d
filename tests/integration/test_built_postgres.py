"""The PostgreSQL that is built here: every extension that it ships, a standby, its locales."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from ansible.module_utils.groundwork.docker.cli import Docker
from ansible.module_utils.groundwork.images.build import Builder
from ansible.module_utils.groundwork.images.recipes import INPUTS_LABEL, recipe

from .stack import ROOT, docker, slot_name

STANDBY = r"""
pg_basebackup --host 127.0.0.1 --username app --checkpoint fast \
    --pgdata /tmp/standby --write-recovery-conf
echo "port = 5433" >>/tmp/standby/postgresql.auto.conf
pg_ctl --pgdata /tmp/standby --log /tmp/standby.log --wait start
"""
SORTED = "SELECT string_agg(w, ' ' ORDER BY w) FROM unnest('{b,A,a,B,ä}'::text[]) w"
LOCALE = "SELECT datcollate FROM pg_database WHERE datname = 'app'"


@dataclass(frozen=True)
class Server:
    """A server of the image's own, in a container of that name."""

    name: str

    def run(self, *command: str) -> str:
        return docker("exec", "--user=postgres", self.name, *command).strip()

    def sql(self, text: str, *options: str) -> str:
        return self.run("psql", "-XAtU", "app", "-v", "ON_ERROR_STOP=1", *options, "-c", text)

    def wait(self, *command: str) -> None:
        deadline = time.monotonic() + 60
        while not Docker().run("exec", self.name, *command).ok:
            assert time.monotonic() < deadline, docker("logs", self.name)
            time.sleep(0.2)


@contextmanager
def started(image: str, name: str, *variables: str) -> Iterator[Server]:
    """With an empty volume, which goes with it."""
    server = Server(slot_name(f"groundwork-test-built-{name}"))
    given = ("POSTGRES_USER=app", "POSTGRES_DB=app", "POSTGRES_PASSWORD=app", *variables)
    settings = [f"--env={line}" for line in given]
    docker("run", "--detach", f"--name={server.name}", *settings, image)
    try:
        server.wait("pg_isready", "--quiet", "--host=127.0.0.1")
        yield server
    finally:
        docker("rm", "--force", "--volumes", server.name)


@pytest.fixture(scope="module")
def image() -> str:
    """The recipe's image; built where the machine has the official ones."""
    wanted = recipe(ROOT / "images", "postgres")
    here = Docker().inspect("image", [wanted.reference]).get(wanted.reference)
    if here is None or here["Config"]["Labels"].get(INPUTS_LABEL) != wanted.inputs:
        wrong = Builder(Docker(), ROOT / ".cache/images").build([wanted])["postgres"]
        assert wrong is None, wrong
    return wanted.reference


@pytest.fixture(scope="module")
def server(image: str) -> Iterator[Server]:
    with started(image, "postgres") as server:
        yield server


def test_every_extension_that_it_ships_can_be_made(server: Server) -> None:
    shipped = server.sql("SELECT name FROM pg_available_extensions ORDER BY name").split()
    assert {"dblink", "pgcrypto", "postgres_fdw", "uuid-ossp"} <= set(shipped)
    refused = {}
    for name in shipped:
        made = f'CREATE EXTENSION IF NOT EXISTS "{name}" CASCADE'
        done = Docker().run("exec", server.name, "psql", "-XqU", "app", "-c", made)
        if not done.ok:
            refused[name] = done.error
    assert not refused


def test_it_replicates(server: Server) -> None:
    server.sql("CREATE TABLE words (word text)")
    server.sql("CREATE SUBSCRIPTION s CONNECTION 'dbname=app' PUBLICATION p WITH (connect = false)")
    server.run("bash", "-euc", STANDBY)
    server.sql("INSERT INTO words VALUES ('arrived')")
    arrived = "SELECT 1 / count(*) FROM words WHERE word = 'arrived'"
    server.wait("psql", "-XqU", "app", "--port=5433", "-c", arrived)
    receiver = "SELECT status FROM pg_stat_wal_receiver"
    assert server.sql(receiver, "--port=5433") == "streaming"


def test_it_sorts_as_the_official_image_on_alpine(server: Server) -> None:
    assert server.sql(LOCALE) == "C.UTF-8"
    assert server.sql(SORTED) == "A B a b ä"


def test_it_can_sort_as_the_one_on_debian(image: str) -> None:
    with started(image, "debian", "GROUNDWORK_LOCALE=en_US.utf8") as server:
        assert server.sql(LOCALE) == "en_US.utf8"
        assert server.sql(SORTED) == "a A ä b B"


def test_the_locale_of_an_official_images_dump_is_there(server: Server) -> None:
    server.sql("CREATE DATABASE restored TEMPLATE template0 LOCALE 'en_US.utf8'")
