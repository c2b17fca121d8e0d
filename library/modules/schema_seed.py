"""Fill a database after its migrations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork.config import parse_services
from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.host import database_reset
from ansible.module_utils.groundwork.migrations import database_of, run_seed, variables_of
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: schema_seed
short_description: Fill a database after its migrations
description:
  - Runs a command of the app's (O(command)) with the tree's Python, directory and environment, or
    SQL (O(file), O(sql)) by C(psql) in the service's container, as the database's owner.
options:
  tree:
    description: The tree's name in the inventory.
    type: str
    default: ""
  command:
    description: The command; C(python) as its first word is O(python).
    type: list
    elements: str
    default: []
  file:
    description: A file of SQL.
    type: path
  sql:
    description: The SQL itself.
    type: str
    default: ""
  stack_name:
    description: The Compose project's name, for SQL.
    type: str
    required: true
  services:
    description: The dictionary C(stack_services) of the inventory.
    type: dict
    required: true
  service:
    description: The service.
    type: str
    required: true
  python:
    description: The tree's own Python, as in M(alembic_migrate).
    type: list
    elements: str
    default: []
  start_directory:
    description: The directory that O(command) runs in.
    type: path
    required: true
  environment:
    description: Variables that O(command) finds, as in M(alembic_migrate).
    type: dict
    default: {}
  app_env_file:
    description: An app's env file, whose lines O(command) finds.
    type: path
  url_scheme:
    description: The scheme of the app's URLs.
    type: str
    default: ""
  url_variable:
    description: A variable in which O(command) finds the database's URL.
    type: str
    default: ""
  host:
    description: Where the database's server listens.
    type: str
    default: 127.0.0.1
  port:
    description: The server's port.
    type: int
    default: 5432
  user:
    description: The role that owns the database.
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
    description: How the connection is encrypted.
    type: str
  sslrootcert:
    description: A file with the certificates that may verify for the server's.
    type: path
  connect_timeout:
    description: How long, in seconds, a connection may take.
    type: int
    default: 10
  timeout:
    description: How long, in seconds, O(command) may run; 0 as long as it takes.
    type: float
    default: 0
  from_controller:
    description: Runs O(command) on the controller, as in M(alembic_migrate).
    type: bool
    default: false
  docker_cli:
    description: The docker command.
    type: str
    default: docker
attributes:
  check_mode:
    description: Runs nothing, and says that it would.
    support: full
"""

EXAMPLES = r"""
- name: Add what every developer starts with
  schema_seed:
    command: [python, -m, app.initial_data]
    python: [/srv/app/.venv/bin/python]
    start_directory: /srv/app
    stack_name: groundwork
    services: "{{ stack_services }}"
    service: postgres
    user: app
    database: app
    env_file: /srv/app/infra/.env
    password_variable: POSTGRES_PASSWORD
"""

RETURN = r"""
output:
  description: What it printed, without the password.
  returned: success
  type: str
tree:
  description: The tree's name, as it was given.
  returned: success
  type: str
"""

_TEXT = {"type": "str", "default": ""}
_WORDS = {"type": "list", "elements": "str", "default": []}
ARGUMENT_SPEC: dict[str, Any] = {
    "tree": _TEXT,
    "command": _WORDS,
    "file": {"type": "path"},
    "sql": _TEXT,
    "stack_name": {"type": "str", "required": True},
    "services": {"type": "dict", "required": True},
    "service": {"type": "str", "required": True},
    "python": _WORDS,
    "start_directory": {"type": "path", "required": True},
    "environment": {"type": "dict", "default": {}},
    "app_env_file": {"type": "path"},
    "url_scheme": _TEXT,
    "url_variable": _TEXT,
    "host": {"type": "str", "default": "127.0.0.1"},
    "port": {"type": "int", "default": 5432},
    "user": {"type": "str", "required": True},
    "database": {"type": "str", "required": True},
    "password": {"type": "str", "no_log": True},
    "password_variable": {"type": "str", "no_log": False},
    "env_file": {"type": "path"},
    "sslmode": {"type": "str"},
    "sslrootcert": {"type": "path"},
    "connect_timeout": {"type": "int", "default": 10},
    "timeout": {"type": "float", "default": 0},
    "from_controller": {"type": "bool", "default": False},
    "docker_cli": {"type": "str", "default": "docker"},
}

CHECKS = {"required_one_of": [("password", "password_variable")]}


def run(call: Call) -> dict[str, Any]:
    params = call.params
    answer = {"changed": True, "tree": params["tree"], "output": ""}
    if call.check:
        return answer
    if not params["command"]:
        return answer | {"output": _psql(params)}
    database = database_of(params)
    call.secrets.add(database.password)
    variables, secrets = variables_of(params, database, call.check)
    call.secrets.update(secrets)
    directory = Path(params["start_directory"])
    limits = (directory, variables, params["timeout"])
    return answer | {"output": run_seed(database, params["command"], params["python"], *limits)}


def _psql(params: Any) -> str:
    text = params["sql"]
    if params["file"]:
        try:
            text = Path(params["file"]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
            raise GroundworkError(
                f"The seed can't be read: {why}.",
                where=params["file"],
                next_step="Correct the tree's seed; its path starts from workspace_dir.",
            ) from None
    service = next(x for x in parse_services(params["services"]) if x.name == params["service"])
    place = database_reset.Place(
        Docker(params["docker_cli"]), params["stack_name"], service, params["database"], {}
    )
    return database_reset.fill(place, text)


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run, **CHECKS)
