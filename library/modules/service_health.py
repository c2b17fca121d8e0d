"""Wait until the services answer in their own protocol."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork import dotenv
from ansible.module_utils.groundwork.config import parse_services
from ansible.module_utils.groundwork.docker import Docker, Project
from ansible.module_utils.groundwork.env import as_made, known_values
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.health import Unhealthy, probe
from ansible.module_utils.groundwork.health import wait as health
from ansible.module_utils.groundwork.host import postgres_init, postgres_objects
from ansible.module_utils.groundwork.services import Service
from ansible.module_utils.groundwork.tls import ca_file_of
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: service_health
short_description: Wait until the services answer in their own protocol
description:
  - Logs in to PostgreSQL and runs C(SELECT 1), asks Qdrant for C(/readyz) and, with its API key,
    for its collections, and sends Redis AUTH and PING. All services are asked at the same time.
  - Inspects the services' containers meanwhile. A container that stopped, restarts, is missing or
    turned unhealthy fails the module at once, with the last lines of its log. So does a password
    that the service refuses. Where a service answers and its container is unhealthy, the engine's
    next check decides.
  - Changes nothing, but for one case. A PostgreSQL of the project whose first start was cut short
    (killed inside initdb, or before it was open for TCP) gets what is missing, or a new
    cluster where there was none yet; only where its volume holds nothing of a person's.
options:
  services:
    description: The dictionary C(stack_services) of the inventory.
    type: dict
    required: true
  audience:
    description:
      - From where the services are asked. V(host) is the machine that publishes their ports,
        V(internal) a place inside the Compose network.
    type: str
    choices: [host, internal]
    default: host
  env_file:
    description:
      - The C(.env) file on the target that holds the services' secrets. A password in O(services)
        wins.
      - Without it, a service that has no password in O(services) is asked without one.
    type: path
  project:
    description: The Compose project's name. Empty to leave the containers alone.
    type: str
    default: ""
  timeout:
    description: How long to wait for all services, in seconds.
    type: int
    default: 60
  docker_cli:
    description: The docker command.
    type: str
    default: docker
requirements:
  - psycopg 3 for services of the type postgres
attributes:
  check_mode:
    description:
      - Every service is asked once, without waiting. One that doesn't answer is no failure.
    support: full
"""

EXAMPLES = r"""
- name: Wait for the stack
  service_health:
    services: "{{ stack_services }}"
    env_file: "{{ workspace_dir }}/infra/.env"
    project: "{{ stack_name }}"

- name: Wait for an external database
  service_health:
    services:
      warehouse:
        kind: postgres
        external: true
        host: warehouse.example.com
        password: "{{ vault_warehouse_password }}"
    timeout: 10
"""

RETURN = r"""
finished:
  description: What was made up for in volumes whose first start was cut short, as sentences.
  returned: success
  type: list
  elements: str
services:
  description: How each service was when it was last asked, in the order of O(services).
  returned: always, unless the services could not be asked at all
  type: list
  elements: dict
  contains:
    name:
      description: The service's name.
      returned: always
      type: str
    kind:
      description: The service's type.
      returned: always
      type: str
    address:
      description: Where it was asked.
      returned: always
      type: str
      sample: 127.0.0.1:5432
    hosts:
      description:
        - How each host is of an external service that has several; then RV(services[].address) is
          that of the one that takes writes.
      returned: always
      type: list
      elements: str
    healthy:
      description: Whether it answered as it should.
      returned: always
      type: bool
    seconds:
      description: The time from the first question to the last answer.
      returned: always
      type: float
    tries:
      description: How often it was asked.
      returned: always
      type: int
    version:
      description: The server's version; empty where it isn't healthy or doesn't tell.
      returned: always
      type: str
      sample: "16.15"
    last_error:
      description: Why it wasn't healthy when it was last asked; empty where it was.
      returned: always
      type: str
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "services": {"type": "dict", "required": True},
    "audience": {"type": "str", "choices": ["host", "internal"], "default": "host"},
    "env_file": {"type": "path"},
    "project": {"type": "str", "default": ""},
    "timeout": {"type": "int", "default": 60},
    "docker_cli": {"type": "str", "default": "docker"},
}

FIRST_START = 60  # seconds that a new cluster may take until it answers


def run(call: Call) -> dict[str, Any]:
    try:
        if call.check:
            return {"services": public(ask_once(call.params)), "finished": []}
        results, finished = wait(call.params)
    except Unhealthy as error:
        return {"failed": True, "msg": str(error), "services": public(error.results)}
    return {
        "changed": bool(finished),
        "services": public(results),
        "finished": finished,
        "warnings": finished,
    }


def parsed(params: Mapping[str, Any]) -> list[Service]:
    # The stack's own CA is beside its env file
    ca = str(ca_file_of(Path(params["env_file"]).parent)) if params["env_file"] else ""
    return parse_services(params["services"], "services", ca)


def ask_once(params: Mapping[str, Any]) -> list[probe.ServiceHealth]:
    services = parsed(params)
    secrets = read(params["env_file"]) if params["env_file"] else {}
    return health.once([probe.aim(each, params["audience"], secrets) for each in services])


def wait(params: Mapping[str, Any]) -> tuple[list[probe.ServiceHealth], list[str]]:
    """Their results, and what was made up for (see `postgres_init`)."""
    services = parsed(params)
    secrets = read(params["env_file"]) if params["env_file"] else None
    targets = probe.targets(services, params["audience"], secrets, params["env_file"] or "")
    project, docker = params["project"], Docker(params["docker_cli"])
    managed = project and not all(service.external for service in services)
    watch = Project(docker, project) if managed else None
    try:
        return health.wait(targets, params["timeout"], watch), []
    except Unhealthy as error:
        finished = make_up(docker, project, services, error, secrets or {}) if managed else []
        if not finished:
            raise
    return health.wait(targets, params["timeout"], watch), finished


def make_up(
    docker: Docker,
    project: str,
    services: list[Service],
    error: Unhealthy,
    secrets: Mapping[str, str],
) -> list[str]:
    """What was made up for of first starts that were cut short; the error learns of the rest."""
    ill = {result.name for result in error.results if not result.healthy}
    done: list[str] = []
    for service in services:
        if service.kind == "postgres" and not service.external and service.name in ill:
            found = postgres_init.repair(docker, project, service)
            if found.done:
                done.append(found.done)
                mine = as_made(service, secrets)
                place = docker, project, mine, known_values(mine, secrets)
                if postgres_objects.wait(*place, FIRST_START):
                    postgres_objects.ensure(*place, renewed=place[-1])  # nobody's yet: give all
            if found.databases and service.options["database"] not in found.databases:
                names = ", ".join(found.databases)
                error.details.append(f"{service.name}: the databases in its volume: {names}")
    return done


def read(path: str) -> dict[str, str]:
    """The variables of an env file; one that isn't there has none."""
    try:
        return dotenv.parse(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it isn't UTF-8 text"
        raise GroundworkError(
            f"The services' secrets can't be read: {why}.",
            where=path,
            next_step="Run as the user who owns that file, or fix it. Then run again.",
        ) from None


def public(results: Any) -> list[dict[str, Any]]:
    return [result.public() for result in results]


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
