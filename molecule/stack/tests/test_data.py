"""The services as an app sees them: its own .env, over TCP."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

testinfra_hosts = ["ansible://test_hosts"]

VERSIONS = Path(__file__).parents[3] / "alembic" / "versions"
Client = Callable[..., dict[str, Any]]


def test_the_addresses_are_loopback(client: Client) -> None:
    assert client("where") == {
        "postgres": ["127.0.0.1", 5432],
        "qdrant": ["127.0.0.1", 6333],
        "redis": ["127.0.0.1", 6379],
    }


def test_it_writes_and_reads_in_all_three(client: Client) -> None:
    key, value = str(uuid.uuid4()), "größer als 'nichts'"
    assert client("read", key) == {"postgres": None, "qdrant": None, "redis": None}
    client("write", key, value)
    assert client("read", key) == {"postgres": value, "qdrant": value, "redis": value}


def test_nobody_gets_in_without_the_password(client: Client) -> None:
    said = client("refused")
    assert "no password supplied" in said["postgres"][0]
    assert "password authentication failed" in said["postgres"][1]
    assert set(said["qdrant"]) <= {"401", "403"}
    assert said["redis"][0].startswith("NOAUTH")
    assert said["redis"][1].startswith("WRONGPASS")


def test_passwords_are_this_hosts_own(host: Any, request: Any) -> None:
    # Another host's are others: none is in the repository or made from what is
    inventory = request.config.getoption("ansible_inventory")
    hosts = host.get_hosts(testinfra_hosts, ansible_inventory=inventory)
    texts = [item.file("/srv/groundwork/infra/.env").content_string for item in hosts]
    passwords = [re.findall(r"^\w+_(?:PASSWORD|API_KEY)=(.+)$", text, re.M) for text in texts]
    flat = [password for each in passwords for password in each]
    assert len(flat) == 4 * len(hosts)  # of three services, and of the superuser of one
    assert len(set(flat)) == len(flat)


def test_the_schema_is_at_its_head(client: Client) -> None:
    texts = [path.read_text(encoding="utf-8") for path in VERSIONS.glob("*.py")]
    revisions, below = (
        {match[1] for text in texts if (match := re.search(pattern, text, re.MULTILINE))}
        for pattern in (r'^revision\b.*= "(\w+)"', r'^down_revision\b.*= "(\w+)"')
    )
    heads = revisions - below
    assert len(heads) == 1
    assert client("sql", "SELECT version_num FROM alembic_version") == {"rows": [[*heads]]}


def test_postgresql_notices_broken_pages(client: Client) -> None:
    assert client("sql", "SHOW data_checksums") == {"rows": [["on"]]}
