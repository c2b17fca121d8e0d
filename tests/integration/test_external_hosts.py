"""An external PostgreSQL with several hosts: what is asked and migrated is the one that writes."""

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
import sqlalchemy

from .external_cluster import NAME, NOBODY, PASSWORD, Node, pair
from .external_servers import TestCA, ca
from .stack import ROOT, Stack
from .test_external import images

__all__ = ["images"]

BASE = "8c1d2f1f0a9b"
SECOND = '''"""A table"""
from alembic import op

revision = "1111aaaa2222"
down_revision = "8c1d2f1f0a9b"


def upgrade():
    op.execute("CREATE TABLE after_failover (x int)")
'''


@dataclass
class Cluster:
    """The stack, and both servers."""

    stack: Stack
    primary: Node
    standby: Node
    ca: TestCA

    def services(self, *hosts: str, **change: Any) -> dict[str, Any]:
        entry = {
            "kind": "postgres",
            "external": True,
            # One that is gone first, then the standby: who takes the first would be wrong twice
            "hosts": list(
                hosts
                or (
                    f"127.0.0.1:{NOBODY}",
                    f"127.0.0.1:{self.standby.port}",
                    f"localhost:{self.primary.port}",
                )
            ),
            "password": PASSWORD,
            "ca_file": str(self.ca.ca),
            "url_variable": "DATABASE_URL",
        }
        return {"postgres": entry | change}

    @property
    def url(self) -> str:
        return (
            dotenv.dotenv_values(self.stack.workspace / "apps/backend/.env")["DATABASE_URL"] or ""
        )


@pytest.fixture
def cluster(images: dict[str, str], tmp_path: Path) -> Iterator[Cluster]:
    theirs = ca(tmp_path / "tls files", "127.0.0.1")
    stack = Stack(tmp_path / "work space")
    stack.workspace.mkdir()
    with pair(images["postgres"], theirs) as (primary, standby):
        made = Cluster(stack, primary, standby, theirs)
        app = {"path": "apps/backend/.env", "services": ["postgres"]}
        stack.variables = {
            "stack_name": NAME,
            "workspace_dir": str(stack.workspace),
            "stack_services": made.services(),
            "env_files_apps": {"backend": app},
        }
        yield made
        stack.destroy()


def test_the_one_that_takes_writes_is_asked_and_migrated(cluster: Cluster, tmp_path: Path) -> None:
    stack, primary, standby = cluster.stack, cluster.primary, cluster.standby
    checked = stack.up("--check")
    assert not cluster.stack.env_file.exists(), checked.output
    first = stack.up()
    assert primary.sql("SELECT version_num FROM alembic_version").strip() == BASE
    assert stack.up().idle
    status = stack.play("status")
    assert status.code == 0, status.output
    text = " ".join(status.output.split())
    assert f"postgres: localhost:{primary.port} takes writes" in text, status.output
    assert f"postgres: 127.0.0.1:{standby.port} is a standby (read only)" in text
    assert f"postgres: 127.0.0.1:{NOBODY} connection refused" in text
    assert PASSWORD not in first.output + checked.output + status.output
    _is_read_by_every_client(cluster, primary)

    primary.stop()
    said = stack.refuse(health_timeout=3, stack_health_timeout=3)
    said = " ".join(said.split())
    assert "none of its 3 hosts takes writes" in said
    assert f"localhost:{primary.port} connection refused" in said
    assert f"127.0.0.1:{standby.port} is a standby (read only)" in said

    standby.promote()
    tree = tmp_path / "tree"
    subprocess.run(["cp", "-r", str(ROOT / "alembic"), str(tree)], check=True)
    (tree / "versions" / "2026_02_01_0000-1111aaaa2222_table.py").write_text(SECOND)
    after = stack.up(schema_dir=str(tree))
    assert "1111aaaa2222" in after.output
    assert standby.sql("SELECT version_num FROM alembic_version").strip() == "1111aaaa2222"
    assert stack.up(schema_dir=str(tree)).idle
    status = stack.play("status", schema_dir=str(tree))
    assert f"postgres: 127.0.0.1:{standby.port} takes writes" in " ".join(status.output.split())
    _is_read_by_every_client(cluster, standby)


def _is_read_by_every_client(cluster: Cluster, primary: Node) -> None:
    where = "SELECT pg_is_in_recovery()"
    with psycopg.connect(cluster.url) as connection:
        assert connection.execute(where).fetchone() == (False,)
        assert connection.info.port == primary.port
        assert connection.pgconn.ssl_in_use
    engine = sqlalchemy.create_engine(cluster.url, poolclass=sqlalchemy.NullPool)
    with engine.connect() as session:
        assert session.execute(sqlalchemy.text(where)).scalar() is False
    done = subprocess.run(
        [str(ROOT / ".venv/bin/alembic"), "current"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": cluster.url},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 or "Can't locate revision" in done.stderr + done.stdout, done


def test_two_primaries_are_not_migrated(cluster: Cluster) -> None:
    cluster.standby.promote()
    text = " ".join(cluster.stack.refuse().split())
    assert "several of its hosts take writes, and they are different servers" in text
    assert cluster.primary.sql("SELECT to_regclass('alembic_version')").strip() == ""


def test_one_server_at_two_addresses_is_one(cluster: Cluster) -> None:
    port = cluster.primary.port
    services = cluster.services(f"localhost:{port}", f"127.0.0.1:{port}")
    cluster.stack.up(stack_services=services)
    assert cluster.stack.up(stack_services=services).idle


def test_a_certificate_for_another_name_is_refused_by_host(
    cluster: Cluster, tmp_path: Path
) -> None:
    other = ca(tmp_path / "other", "127.0.0.1").ca
    services = cluster.services(ca_file=str(other))
    text = " ".join(cluster.stack.refuse(stack_services=services).split())
    assert f"127.0.0.1:{cluster.standby.port} its certificate is not trusted" in text
