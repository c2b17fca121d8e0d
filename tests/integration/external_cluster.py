"""Somebody else's PostgreSQL with a standby, from the image that is here: streaming, with TLS."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from .external_servers import TestCA, until
from .stack import docker, slot_name, slot_port

NAME = slot_name("groundwork-cluster")
PASSWORD = "their/pass:word@cluster?1"
NOBODY = slot_port(16740)

_PRIMARY = """
umask 077
cat >"$PGDATA/server.key" <<'END'
{key}END
cat >"$PGDATA/server.crt" <<'END'
{certificate}END
echo 'host replication all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
psql -q -U app -d app -c 'ALTER SYSTEM SET ssl = on'
psql -q -U app -d app -c 'SELECT pg_reload_conf()'
"""
_STANDBY = """
umask 077
mkdir -p /tmp/data
pg_basebackup -h {primary} -U app -D /tmp/data -R
exec postgres -D /tmp/data -k /tmp -c listen_addresses=*
"""


@dataclass(frozen=True)
class Node:
    """One server, at 127.0.0.1 and localhost."""

    name: str
    port: int

    def sql(self, statement: str, database: str = "app") -> str:
        command = ("psql", "-h", "127.0.0.1", "-U", "app", "-d", database, "-Atc", statement)
        return docker("exec", "-e", f"PGPASSWORD={PASSWORD}", self.name, *command)

    def stop(self) -> None:
        docker("stop", "-t", "1", self.name)

    def promote(self) -> None:
        assert self.sql("SELECT pg_promote()").strip() == "t"


@contextlib.contextmanager
def pair(image: str, theirs: TestCA) -> Iterator[tuple[Node, Node]]:
    """A primary, and a standby that streams from it."""
    primary, standby = (
        Node(f"{NAME}-{name}", slot_port(port)) for name, port in (("a", 16737), ("b", 16738))
    )
    remove()
    try:
        docker("network", "create", NAME)
        env = [f"POSTGRES_PASSWORD={PASSWORD}", "POSTGRES_USER=app", "POSTGRES_DB=app"]
        given = [part for each in env for part in ("-e", each)]
        docker(*_run(primary), *given, image)
        until(lambda: docker("exec", primary.name, "pg_isready", "-h", "127.0.0.1"))
        script = _PRIMARY.format(
            key=theirs.key.read_text(), certificate=theirs.certificate.read_text()
        )
        subprocess.run(
            ["docker", "exec", "-i", "-u", "postgres", primary.name, "sh", "-e"],
            input=script.encode(),
            capture_output=True,
            check=True,
            timeout=30,
        )
        start = ("--user", "postgres", "--entrypoint", "sh", "-e", f"PGPASSWORD={PASSWORD}")
        docker(*_run(standby), *start, image, "-ec", _STANDBY.format(primary=primary.name))
        until(lambda: docker("exec", standby.name, "pg_isready", "-h", "127.0.0.1"))
        streaming = "SELECT 1 / count(*) FROM pg_stat_replication WHERE state = 'streaming'"
        until(lambda: primary.sql(streaming))
        yield primary, standby
    finally:
        remove()


def _run(node: Node) -> tuple[str, ...]:
    published = f"127.0.0.1:{node.port}:5432"
    return ("run", "-d", "--name", node.name, "--network", NAME, "-p", published)


def remove() -> None:
    names = [f"{NAME}-a", f"{NAME}-b"]
    subprocess.run(["docker", "rm", "-f", "-v", *names], capture_output=True, timeout=60)
    subprocess.run(["docker", "network", "rm", NAME], capture_output=True, timeout=60)
