"""PostgreSQL's data where another glibc sorts otherwise. Root alone can make that image's base."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.data import Source, postgres_comparison, postgres_dump
from ansible.module_utils.groundwork.docker import Docker
from integration.newer_postgres import image_of_another_glibc
from integration.stack import Stack, new_stack

SORTED = """
CREATE DATABASE sorted TEMPLATE template0 LOCALE 'en_US.utf8';
\\connect sorted
CREATE TABLE words (word text PRIMARY KEY);
INSERT INTO words SELECT chr(33 + i % 90) || '-' || md5(i::text) FROM generate_series(1, 2000) i;
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a base image")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A PostgreSQL 16 alone."""
    stack = new_stack(tmp_path / "work space", "groundwork-collation", 15640)
    services = {"postgres": stack.services["postgres"]}
    stack.variables |= {"stack_services": services, "env_files_apps": {}, "schema_dir": ""}
    try:
        stack.up()
        yield stack
    finally:
        stack.destroy()


def test_a_dump_crosses_another_version_of_the_collation(stack: Stack, tmp_path: Path) -> None:
    def said(container: str, query: str, database: str = "sorted") -> str:
        command = ["exec", "-i", container, "psql", "-XAtqU", "postgres", "-d", database]
        done = subprocess.run(["docker", *command], input=query, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    version = "SELECT datcollversion FROM pg_database WHERE datname = 'sorted'"
    (service,) = parse_services(stack.services)
    container = stack.containers()["postgres"]["Id"]
    said(container, SORTED, "app")
    before, old = (
        postgres_dump.read_facts(Docker(), container, stack.postgres_user),
        said(container, version),
    )
    source = Source(Docker(), stack.project, service, stack.images["postgres"], "x", {})
    place = tmp_path / "copy"
    (place / "dump").mkdir(parents=True)
    (place / "dump").chmod(0o777)
    saved = postgres_dump.dump(replace(source, container=container), str(place), "dump")
    other = replace(source, image=image_of_another_glibc(tmp_path))
    with postgres_dump.restored(other, saved, str(place), "dump") as server:
        found = postgres_dump.read_facts(Docker(), server, stack.postgres_user)
        new = said(server, version)
        # The index was made anew: it finds each, and in the new order
        by_index = "SET enable_seqscan = off; SET enable_sort = off; "
        in_order = "SELECT array_agg(word) FROM (SELECT word FROM words ORDER BY word) w"
        by_sort = "SET enable_indexscan = off; SET enable_indexonlyscan = off; "
        assert said(server, by_index + in_order) == said(server, by_sort + in_order)
    assert new and old and new != old
    assert not postgres_comparison.differences(before, found)
