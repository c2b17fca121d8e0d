"""Bring a database's schema to a revision."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations import (
    MigrationResult,
    Report,
    database_of,
    migrate,
    request_of,
    stamp,
)
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: alembic_migrate
short_description: Bring a database's schema to a revision of an Alembic tree
description:
  - Runs the migrations of an Alembic tree, in this process on psycopg 3, or by the app's own Python
    (O(python)). A database that is there already costs one connection; Alembic is not even
    imported.
  - One migration of a database at a time. An advisory lock is waited for; who holds it is named.
  - Refuses, before it changes anything, a tree with two heads, and a database whose version table
    (the one that C(env.py) names) has a revision which the tree doesn't have.
  - Each revision has its own transaction. One that fails leaves the database at the one before it;
    RV(applied) has those that stay. Alembic's C(autocommit_block) is outside of the transaction.
  - Any tree works with its own C(env.py), which gets the database as C(sqlalchemy.url), as
    C(config.attributes["connection"]) and in libpq's variables (C(PGHOST) and so on). If it
    connects to another database, nothing is run.
options:
  schema_dir:
    description: The directory that holds C(env.py) and C(versions/).
    type: path
    required: true
  alembic_ini:
    description: >-
      The tree's C(alembic.ini) or C(pyproject.toml). Left out, the nearest one that names the tree.
    type: path
  target:
    description: >-
      V(head), V(base), V(+N), V(-N), a revision, or the beginning of a unique one, above or below.
    type: str
    default: head
  stamp:
    description: Only writes down that the database is at O(target), as C(alembic stamp) does.
    type: bool
    default: false
  host:
    description: Where its server listens; of several, C(a:5432,b:5432), the one that takes writes.
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
    description: How long, in seconds, a migration's statement may wait for a lock on a table.
    type: float
    default: 10
  tree:
    description: The tree's name in the inventory, for output and errors. Empty where it has none.
    type: str
    default: ""
  python:
    description:
      - The Python that runs the tree, since it has what the tree imports; the path of an
        interpreter or of a virtual environment, or a command with its arguments, such as
        C(uv run python). It needs Alembic and SQLAlchemy 1.4 or newer, and Python 3.8 or newer.
      - Left out, this module's own Python. The lock, the limits and the refusals are this module's.
    type: list
    elements: str
  start_directory:
    description: The directory that O(python) is started in. Left out, O(schema_dir).
    type: path
  directory:
    description: >-
      Where the tree runs and paths of its C(alembic.ini) start. Left out, that file's directory.
    type: path
  environment:
    description: >-
      Variables that the tree finds. C($PGHOST) and the like stand for the database's login, as do
      the lines of O(app_env_file).
    type: dict
    default: {}
  app_env_file:
    description: An app's env file, whose lines are exported while the tree runs.
    type: path
  url_scheme:
    description: >-
      The scheme of the app's URLs, such as C(postgresql+asyncpg), for C(sqlalchemy.url) where
      O(python) is given; a driver that isn't there is replaced by one that is.
    type: str
    default: ""
  timeout:
    description: How long, in seconds, O(python) may run in all; 0 as long as it takes.
    type: float
    default: 0
  from_controller:
    description: >-
      Runs the tree on the controller, where its paths are then meant, through a port forwarded over
      the host's SSH connection. O(env_file) and O(sslrootcert) are read on the host.
    type: bool
    default: false
  url_variable:
    description: A variable in which the tree finds the database's URL.
    type: str
    default: ""
  version_table_file:
    description: A file that remembers C(env.py)'s version table, where its text doesn't say.
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
    {schema_dir: alembic, target: "-1", user: app, database: app, password: "{{ app_password }}"}
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
tree:
  description: The tree's name, as it was given.
  returned: always
  type: str
stamped:
  description: Whether O(stamp) changed, or in a check would change, what is written down.
  returned: always
  type: bool
failed_revision:
  description: The revision that was under way when it failed; empty where none was.
  returned: always
  type: str
output:
  description: What env.py and the migrations printed, without the password.
  returned: always
  type: str
"""

SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
ARGUMENT_SPEC: dict[str, Any] = {
    "schema_dir": {"type": "path", "required": True},
    "alembic_ini": {"type": "path"},
    "target": {"type": "str", "default": "head"},
    "stamp": {"type": "bool", "default": False},
    "host": {"type": "str", "default": "127.0.0.1"},
    "port": {"type": "int", "default": 5432},
    "user": {"type": "str", "required": True},
    "database": {"type": "str", "required": True},
    "password": {"type": "str", "no_log": True},
    "password_variable": {"type": "str", "no_log": False},
    "env_file": {"type": "path"},
    "sslmode": {"type": "str", "choices": SSL_MODES},
    "sslrootcert": {"type": "path"},
    "connect_timeout": {"type": "int", "default": 10},
    "lock_wait": {"type": "float", "default": 60},
    "lock_timeout": {"type": "float", "default": 10},
    "version_table_file": {"type": "path"},
    "tree": {"type": "str", "default": ""},
    "python": {"type": "list", "elements": "str"},
    "start_directory": {"type": "path"},
    "directory": {"type": "path"},
    "environment": {"type": "dict", "default": {}},
    "app_env_file": {"type": "path"},
    "url_scheme": {"type": "str", "default": ""},
    "timeout": {"type": "float", "default": 0},
    "from_controller": {"type": "bool", "default": False},
    "url_variable": {"type": "str", "default": ""},
}

_PASSWORD = [("password", "password_variable")]
CHECKS = {
    "mutually_exclusive": _PASSWORD,
    "required_together": [("password_variable", "env_file")],
    "required_one_of": _PASSWORD,
}


def result(report: Report, check: bool, tree: str = "") -> dict[str, Any]:
    """The module's answer."""
    return {
        "changed": report.stamped or bool(report.pending if check else report.applied),
        **MigrationResult.of(report, tree).to_dict(),
    }


def run(call: Call) -> dict[str, Any]:
    params, report, tree = call.params, Report(), call.params["tree"]
    try:
        database = database_of(params)
        call.secrets.add(database.password)
        database = database.settled()
        request, secrets = request_of(params, database, call.check, call.diff)
        call.secrets.update(secrets)
        (stamp if params["stamp"] else migrate)(request, database, report)
    except GroundworkError as error:
        return result(report, call.check, tree) | {"failed": True, "msg": str(error)}
    answer = result(report, call.check, tree)
    if call.diff and answer["changed"]:
        shown = {each: f"{', '.join(getattr(report, each))}\n" for each in ("before", "after")}
        answer["diff"] = shown | ({"prepared": report.sql} if report.sql else {})
    return answer


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run, **CHECKS)
