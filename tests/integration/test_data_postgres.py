"""PostgreSQL's data on a real server: copied under load, put back, and refused where damaged."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.data import Checkpoint, Source
from ansible.module_utils.groundwork.data.postgres import TYPE
from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.errors import GroundworkError

from .clients import App
from .data_copies import Server, Volumes, jobs, served
from .stack import Stack, docker, new_stack

SETTINGS = {"shared_preload_libraries": "pg_stat_statements", "max_connections": 150}
OBJECTS = {
    "extensions": ["pg_stat_statements"],
    "roles": {"reader": {"access": "read"}},
    "settings": SETTINGS,
}
LEDGER = ("accounts", "tellers", "branches")
THREADS = 4
MADE = """
CREATE TABLE IF NOT EXISTS accounts (id int PRIMARY KEY, balance int NOT NULL);
CREATE TABLE tellers (LIKE accounts INCLUDING ALL);
CREATE TABLE branches (LIKE accounts INCLUDING ALL);
CREATE TABLE history (delta int NOT NULL);
INSERT INTO accounts SELECT n, 0 FROM generate_series(1, 100000) n;
INSERT INTO tellers SELECT n, 0 FROM generate_series(1, 50) n;
INSERT INTO branches SELECT n, 0 FROM generate_series(1, 5) n;
CREATE SEQUENCE numbers;
SELECT setval('numbers', 4711);
SELECT lo_from_bytea(7654321, decode('00ff10', 'hex'));
GRANT SELECT ON LARGE OBJECT 7654321 TO reader;
ALTER DATABASE app SET work_mem = '7MB';
CREATE EXTENSION pgcrypto;
"""
TRANSFER = """
WITH moved AS (INSERT INTO history VALUES ({delta}) RETURNING delta),
  a AS (UPDATE accounts SET balance = balance + {delta} WHERE id = {account}),
  t AS (UPDATE tellers SET balance = balance + {delta} WHERE id = {teller})
UPDATE branches SET balance = balance + {delta} WHERE id = {branch}
"""
# All that isn't in tables
FACTS = """
SELECT (SELECT json_agg(r ORDER BY rolname) FROM (SELECT rolname, rolsuper, rolcanlogin, rolcreatedb
    FROM pg_roles WHERE rolname !~ '^pg_') r),
  (SELECT json_agg(datacl::text ORDER BY datname) FROM pg_database),
  (SELECT json_agg(s) FROM pg_db_role_setting s),
  (SELECT json_agg(e ORDER BY extname) FROM (SELECT extname, extversion FROM pg_extension) e),
  (SELECT json_agg(relacl::text ORDER BY oid) FROM pg_class WHERE oid >= 16384),
  (SELECT json_agg(d) FROM pg_default_acl d),
  (SELECT lomacl::text FROM pg_largeobject_metadata), encode(lo_get(7654321), 'hex'),
  (SELECT last_value FROM numbers), current_setting('work_mem')
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One PostgreSQL with a ledger; each test leaves it up."""
    stack = new_stack(tmp_path_factory.mktemp("data") / "work space", "groundwork-data", 16640)
    stack.variables |= {
        "stack_services": {"postgres": stack.services["postgres"] | OBJECTS},
        "env_files_apps": {"backend": {"path": "apps/backend/.env", "services": ["postgres"]}},
    }
    stack.up()
    with app(stack).postgres() as connection:
        connection.execute(MADE.encode())
    yield stack
    stack.destroy()


@pytest.fixture
def volumes(stack: Stack) -> Iterator[Volumes]:
    """Volumes of a test's own; no throw-away container outlives it."""
    volumes = Volumes(stack.project, stack.images["postgres"])
    yield volumes
    left = jobs(stack.project)
    volumes.remove()
    assert not left


def app(stack: Stack) -> App:
    return App(stack.workspace / "apps/backend/.env")


def source(stack: Stack, **change: Any) -> Source:
    (service,) = parse_services(stack.services)
    volume = {"postgres": f"{stack.project}_postgres_data"}
    container = stack.containers()["postgres"]["Id"]
    service = replace(service, **change)
    made = Source(Docker(), stack.project, service, stack.images["postgres"], "x", volume)
    return replace(made, container=container, secrets=stack.secrets())


def fill(given: Source, saved: Checkpoint, place: str, volume: str) -> None:
    TYPE.fill(given, saved, place, "postgres", {"postgres": volume})


def ledger(server: Server) -> list[int]:
    """The sums of the balances and of the history, which are the same, and its rows."""
    sums = [f"(SELECT sum(balance) FROM {table})" for table in LEDGER]
    sums += ["(SELECT sum(delta) FROM history)", "(SELECT count(*) FROM history)"]
    return [int(each) for each in server.sql(f"SELECT {', '.join(sums)}").split("|")]


@contextmanager
def load(stack: Stack) -> Iterator[tuple[list[int], list[str]]]:
    """Transfers by a few threads meanwhile: how many were committed, and what failed."""
    done, failed, ended = [0] * THREADS, [], threading.Event()

    def work(number: int) -> None:
        connection = app(stack).postgres()
        with connection:
            while not ended.is_set():
                n = done[number]
                ids = {"account": n * 37 % 100000 + 1, "teller": n % 50 + 1, "branch": n % 5 + 1}
                try:
                    connection.execute(TRANSFER.format(delta=n % 19 + number, **ids).encode())
                    done[number] += 1
                except psycopg.Error as error:
                    failed.append(str(error))
                    return

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield done, failed
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def test_a_copy_under_load_is_consistent_and_takes_todays_passwords(
    stack: Stack, volumes: Volumes
) -> None:
    place, fresh = volumes.copies("copies", "postgres"), volumes.new("fresh")
    given = source(stack)
    live = Server(given.container)
    with load(stack) as (done, failed):
        time.sleep(1)
        before = sum(done)
        saved = TYPE.checkpoint(given, place, "postgres")
        after = sum(done)
        time.sleep(0.5)
    assert failed == []
    assert 0 < before < after < sum(done)
    assert TYPE.bytes_needed(given) > saved.bytes > 10**7
    assert set(saved.details["roles"]) == {"app", "postgres", "reader"}
    assert saved.details["extensions"]["app"].keys() == {
        *("plpgsql", "pgcrypto", "pg_stat_statements")
    }
    later = {name: f"todays-{number}" for number, name in enumerate(given.secrets)}
    saved = Checkpoint.from_dict(saved.to_dict())
    fill(replace(given, secrets=later), saved, place, fresh)
    with served(given.image, fresh, f"{stack.project}-copy") as copy:
        *sums, count = ledger(copy)
        assert len(set(sums)) == 1
        assert before <= count <= after
        assert copy.sql(FACTS) == live.sql(FACTS)
        for role, variable in (
            ("app", "POSTGRES_PASSWORD"),
            ("postgres", "POSTGRES_SUPERUSER_PASSWORD"),
            ("reader", "POSTGRES_READER_PASSWORD"),
        ):
            assert copy.lets_in(role, later[variable])
            assert not copy.lets_in(role, given.secrets[variable])
            assert live.lets_in(role, given.secrets[variable])
        log = docker("logs", copy.name)
    assert "not properly shut down" not in log


def test_a_server_with_smaller_settings_starts_on_it(stack: Stack, volumes: Volumes) -> None:
    place, fresh = volumes.copies("copies", "postgres"), volumes.new("fresh")
    saved = TYPE.checkpoint(source(stack), place, "postgres")
    fill(source(stack, settings={"max_connections": "20"}), saved, place, fresh)


def test_what_does_not_come_up_is_told_and_the_service_goes_on(
    stack: Stack, volumes: Volumes
) -> None:
    place = volumes.copies("copies", "postgres")
    given = source(stack)
    saved = TYPE.checkpoint(given, place, "postgres")
    began = stack.started_at()
    wrong = replace(given, service=replace(given.service, settings={"wal_buffers": "x"}))
    with pytest.raises(GroundworkError, match="doesn't start") as caught:
        fill(wrong, saved, place, volumes.new("one"))
    assert "wal_buffers" in "".join(caught.value.details)
    ghost = replace(saved, details=saved.details | {"roles": ["app", "ghost"]})
    with pytest.raises(GroundworkError, match="doesn't have all") as caught:
        fill(given, ghost, place, volumes.new("two"))
    assert caught.value.details == ["The role ghost is missing."]
    with pytest.raises(GroundworkError, match="isn't empty"):
        fill(given, saved, place, volumes.named("two"))
    gone = volumes.named("never-made")
    with pytest.raises(GroundworkError, match="is gone"):
        fill(given, saved, place, gone)
    assert not Docker().inspect("volume", [gone])
    with pytest.raises(GroundworkError, match="no whole copy"):
        fill(given, saved, volumes.copies("empty", "postgres"), volumes.new("three"))
    assert stack.started_at() == began
    assert app(stack).postgres().execute("SELECT 1").fetchone() == (1,)


def test_a_copy_that_runs_out_of_room_fails_alone(stack: Stack, volumes: Volumes) -> None:
    given = source(stack)
    with app(stack).postgres() as connection, volumes.small("small", 24, "postgres") as place:
        (began,) = connection.execute("SELECT pg_postmaster_start_time()").fetchone()
        with pytest.raises(GroundworkError, match="postgres can't be copied") as caught:
            TYPE.checkpoint(given, place, "postgres")
        assert "No space left on device" in "".join(caught.value.details)
        time.sleep(1)  # its second process has ended by then
        assert connection.execute("SELECT pg_postmaster_start_time()").fetchone() == (began,)
    log = docker("logs", given.container)
    assert "terminated by signal" not in log
    assert "reinitializing" not in log


FLIP = """
file=$(find postgres/data/base -type f -size +1000k | head -n 1)
printf 'sixteen bytes...' | dd of="$file" bs=1 seek=500000 conv=notrunc 2>/dev/null
"""
NO_WAL = "rm postgres/data/pg_wal/0*"


@pytest.mark.parametrize("damage", [FLIP, NO_WAL, "rm postgres/data/global/pg_control"])
def test_a_damaged_copy_is_refused_by_name(stack: Stack, volumes: Volumes, damage: str) -> None:
    place, fresh = volumes.copies("copies", "postgres"), volumes.new("fresh")
    saved = TYPE.checkpoint(source(stack), place, "postgres")
    volumes.run(place, damage)
    with pytest.raises(GroundworkError, match="The copy of postgres is damaged") as caught:
        fill(source(stack), saved, place, fresh)
    assert caught.value.details
    assert "as they were" in caught.value.next_step


def test_a_volume_whose_app_role_owns_all_is_copied_too(stack: Stack, volumes: Volumes) -> None:
    """As those from before there was a superuser of its own."""
    given = source(stack)
    old, fresh = volumes.new("old"), volumes.new("fresh")
    place = volumes.copies("copies", "postgres")
    owner = {"POSTGRES_USER": "app", "POSTGRES_PASSWORD": "old"}
    owner |= {"POSTGRES_INITDB_ARGS": "--auth-host=scram-sha-256"}
    service = replace(given.service, objects=replace(given.service.objects, superuser=""))
    given = replace(given, service=service)
    with served(given.image, old, f"{stack.project}-old", variables=owner) as server:
        server.sql("CREATE TABLE kept AS SELECT 'word' AS word", "app")
        saved = TYPE.checkpoint(replace(given, container=server.name), place, "postgres")
    assert saved.details["owner"] == "app"
    fill(given, saved, place, fresh)
    with served(given.image, fresh, f"{stack.project}-old") as copy:
        assert copy.sql("SELECT word FROM kept", "app") == "word"
        assert copy.lets_in("app", given.secrets["POSTGRES_PASSWORD"])
        assert not copy.lets_in("app", "old")


def test_one_with_tls_is_copied_by_its_socket(stack: Stack, volumes: Volumes) -> None:
    place, fresh = volumes.copies("copies", "postgres"), volumes.new("fresh")
    entry = stack.services["postgres"]
    stack.variables["stack_services"] = {"postgres": entry | {"tls": True}}
    stack.up()
    given = source(stack)
    assert given.service.tls
    fill(given, TYPE.checkpoint(given, place, "postgres"), place, fresh)
