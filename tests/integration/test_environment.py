"""What a person's shell and home say of PostgreSQL, against a real server: it changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.environment import POSTGRES
from ansible.module_utils.groundwork.migrations.database import Database, database_revisions
from ansible.module_utils.groundwork.services import Endpoint, ProbeError, service_type
from ansible.module_utils.groundwork_module import Call, answer
from psycopg import pq

from .schema_server import (  # noqa: F401
    ENV,
    bring,
    database_fixture,
    directory_fixture,
    revision,
    server_fixture,
    table,
    write_tree,
)

HOSTILE = {
    "PGCHANNELBINDING": "require",
    "PGCLIENTENCODING": "SQL_ASCII",
    "PGGSSENCMODE": "require",
    "PGHOSTADDR": "127.99.99.99",
    "PGOPTIONS": "-c search_path=nowhere -c default_transaction_read_only=on",
    "PGPORT": "1",
    "PGREQUIREAUTH": "gss",
    "PGSSLMODE": "require",
    "PGSSLNEGOTIATION": "direct",
    "PGTARGETSESSIONATTRS": "standby",
}
LIBPQ = {item.envvar.decode() for item in pq.Conninfo.get_defaults() if item.envvar}

# An env.py that asks the environment for the address, as psql and many apps do
ASKS = (
    "import psycopg, os\n"
    "with psycopg.connect() as own:\n"
    "    here = own.execute('SELECT current_database()').fetchone()[0]\n"
    "assert here == os.environ['PGDATABASE'], here\n"
)


def probe(database: Database, password: str) -> str:
    names = {"port": database.port, "user": database.user, "database": database.database}
    (service,) = parse_services({"it": {"kind": "postgres", "image": "x:1", **names}})
    return service_type(service).probe(service, Endpoint(database.host, database.port), password, 5)


def all_of_it(tree: Path, database: Database) -> list[Any]:
    """What a run sees and does, as a module: up to head, or from there down to base."""
    found: list[Any] = []

    def run(call: Call) -> dict[str, Any]:
        found.append(probe(database, database.password))
        here = database_revisions(database)
        report = bring(tree, database, target="base" if here else "head")
        found.extend([here, [step.direction for step in report.applied], report.after])
        return {}

    answer(run, Call({}, False, False))
    return found


def test_no_variable_of_the_client_library_changes_anything(
    directory: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = ENV.replace("config = context.config\n", f"config = context.config\n{ASKS}")
    tree = write_tree(
        directory, revision("aa01", None, table("users"), 'op.drop_table("users")'), env=env
    )
    up, down = all_of_it(tree, database), all_of_it(tree, database)
    assert up[1:] == [[], ["up"], ["aa01"]]
    assert down[1:] == [["aa01"], ["down"], []]
    changed, wanted = {}, up
    for name in sorted(POSTGRES | LIBPQ):
        with monkeypatch.context() as shell:
            shell.setenv(name, HOSTILE.get(name, "nonsense"))
            try:
                found: Any = all_of_it(tree, database)
            except Exception as error:
                found = error
        if found == wanted:
            wanted = down if wanted == up else up
        else:
            changed[name] = found
    assert not changed


def test_the_password_file_of_a_home_opens_no_door(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a password of the stack's own, whatever ~/.pgpass has is somebody else's."""
    file = tmp_path / ".pgpass"
    file.write_text(f"*:*:*:*:{database.password}\n", encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ProbeError, match="no password supplied"):
        probe(database, "")
