"""Bring a database's schema to a revision."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork import dotenv
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations import (
    Database,
    MigrationResult,
    Report,
    Request,
    migrate,
)
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: alembic_migrate
short_description: Bring a database's schema to a revision of an Alembic tree
description:
  - Runs the migrations of an Alembic tree, in this process, on psycopg 3. A database that is there
    already costs one connection; Alembic is not even imported.
  - One migration of a database at a time. An advisory lock is waited for; who holds it is named.
  - Refuses, before it changes anything, a tree with two heads, and a database whose version table
    (the one that C(env.py) names) has a revision which the tree doesn't have.
  - Each revision runs in a transaction of its own. One that fails is rolled back and leaves the
    database at the revision before it. Those before it in the same run stay, and RV(applied) has
    them. What a migration does in Alembic's C(autocommit_block) is outside of the transaction.
  - Any tree works with its own C(env.py), which gets the database as C(sqlalchemy.url) and as
    C(config.attributes["connection"]), and in the variables that libpq reads (C(PGHOST) and so on).
    If it connects to another database, nothing is run.
options:
  schema_dir:
    description: The directory that holds C(env.py) and C(versions/).
    type: path
    required: true
  alembic_ini:
    description:
      - The tree's C(alembic.ini), or C(pyproject.toml).
      - Left out, the nearest one in the directory or above it that names the tree as its
        C(script_location).
    type: path
  target:
    description:
      - V(head), V(base), V(+N), V(-N), a revision, or the beginning of one that is unique.
      - A revision below the database's own is reached by taking back those above it.
    type: str
    default: head
  host:
    description: Where the database's server listens.
    type: str
    default: 127.0.0.1
  port:
    description: The server's port.
    type: int
    default: 5432
  user:
    description: The role that owns the schema.
    type: str
    required: true
  database:
    description: The database.
    type: str
    required: true
  password:
    description: The role's password.
    type: str
  password_variable:
    description: The variable that holds the password in O(env_file), in place of O(password).
    type: str
  env_file:
    description: An env file on the target.
    type: path
  sslmode:
    description: How the connection is encrypted. Left out, the client library's own (C(prefer)).
    type: str
    choices: [disable, allow, prefer, require, verify-ca, verify-full]
  sslrootcert:
    description: A file on the target with the certificates that may verify for the server's.
    type: path
  connect_timeout:
    description: How long, in seconds, a connection may take; 2 at least.
    type: int
    default: 10
  lock_wait:
    description: How long, in seconds, to wait while another migration runs.
    type: float
    default: 60
  lock_timeout:
    description:
      - How long, in seconds, a migration's statement may wait for a lock on a table.
      - Short, since every other query of that table queues up behind the statement that waits.
    type: float
    default: 10
  version_table_file:
    description:
      - A file that remembers which version table C(env.py) has, where its text doesn't say; so that
        a database that is where it should be is known without running C(env.py).
    type: path
attributes:
  check_mode:
    description:
      - Lists what would run. Nothing is written, not even the version table. C(env.py) runs as it
        does for C(alembic current), with a connection that may only read.
    support: full
  diff_mode:
    description: Shows the revisions, in a check the SQL too, where a tree can run offline.
    support: full
"""

EXAMPLES = r"""
- name: Migrate the database to its head
  alembic_migrate:
    schema_dir: /srv/app/alembic
    user: app
    database: app
    env_file: /srv/app/infra/.env
    password_variable: POSTGRES_PASSWORD

- name: Migrate the last revision down
  alembic_migrate:
    schema_dir: /srv/app/alembic
    target: "-1"
    user: app
    database: app
    password: "{{ app_database_password }}"
"""

RETURN = r"""
before:
  description: The database's revisions before.
  returned: always
  type: list
  elements: str
after:
  description: The database's revisions after; in a check, those that a run would reach.
  returned: always
  type: list
  elements: str
applied:
  description: What was done, in order; also when the run failed further on.
  returned: always
  type: list
  elements: dict
  contains:
    revision:
      description: The revision.
      returned: always
      type: str
    file:
      description: Its file.
      returned: always
      type: str
    message:
      description: The first line of the file's docstring.
      returned: always
      type: str
    direction:
      description: V(up) or V(down).
      returned: always
      type: str
    seconds:
      description: How long it took; 0 where it was not run.
      returned: always
      type: float
pending:
  description: In a check, what a run would do, in order, like RV(applied).
  returned: always
  type: list
  elements: dict
output:
  description: What env.py and the migrations printed, without the password.
  returned: always
  type: str
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "schema_dir": {"type": "path", "required": True},
    "alembic_ini": {"type": "path"},
    "target": {"type": "str", "default": "head"},
    "host": {"type": "str", "default": "127.0.0.1"},
    "port": {"type": "int", "default": 5432},
    "user": {"type": "str", "required": True},
    "database": {"type": "str", "required": True},
    "password": {"type": "str", "no_log": True},
    "password_variable": {"type": "str", "no_log": False},
    "env_file": {"type": "path"},
    "sslmode": {
        "type": "str",
        "choices": ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
    },
    "sslrootcert": {"type": "path"},
    "connect_timeout": {"type": "int", "default": 10},
    "lock_wait": {"type": "float", "default": 60},
    "lock_timeout": {"type": "float", "default": 10},
    "version_table_file": {"type": "path"},
}


CHECKS = {
    "mutually_exclusive": [("password", "password_variable")],
    "required_together": [("password_variable", "env_file")],
    "required_one_of": [("password", "password_variable")],
}


def find_password(params: Mapping[str, Any]) -> str:
    """The password as given, or from the env file."""
    if params["password"] is not None:
        return str(params["password"])
    path, name = Path(params["env_file"]), params["password_variable"]
    try:
        values = dotenv.parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GroundworkError(
            f"The env file can't be read: {error.strerror}.",
            where=str(path),
            next_step="Run the playbook from its start: the stack's role writes this file.",
        ) from None
    if not values.get(name):
        raise GroundworkError(f"The env file has no {name}.", where=str(path))
    return values[name]


def result(report: Report, check: bool) -> dict[str, Any]:
    """The module's answer."""
    return {
        "changed": bool(report.pending if check else report.applied),
        **MigrationResult.of(report).to_dict(),
    }


def diff(report: Report) -> dict[str, str]:
    """Ansible's form: the revisions before and after, and the SQL where it was asked for."""
    shown = {"before": f"{', '.join(report.before)}\n", "after": f"{', '.join(report.after)}\n"}
    return shown | ({"prepared": report.sql} if report.sql else {})


def run(call: Call) -> dict[str, Any]:
    params, report = call.params, Report()
    try:
        password = find_password(params)
        call.secrets.add(password)
        request = Request(
            schema_dir=Path(params["schema_dir"]),
            alembic_ini=Path(params["alembic_ini"]) if params["alembic_ini"] else None,
            target=params["target"],
            lock_wait=params["lock_wait"],
            lock_timeout=params["lock_timeout"],
            check=call.check,
            show_sql=call.diff,
            version_table_file=Path(file) if (file := params["version_table_file"]) else None,
        )
        names = ("host", "port", "user", "database", "connect_timeout")
        database = Database(
            **{name: params[name] for name in names},
            password=password,
            sslmode=params["sslmode"] or "",
            sslrootcert=params["sslrootcert"] or "",
        )
        migrate(request, database, report)
    except GroundworkError as error:
        return result(report, call.check) | {"failed": True, "msg": str(error)}
    answer = result(report, call.check)
    if call.diff and answer["changed"]:
        answer["diff"] = diff(report)
    return answer


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run, **CHECKS)
