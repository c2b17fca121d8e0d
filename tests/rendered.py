"""The Compose file as the role stack renders it, without a run of Ansible."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.services import describe
from ansible.plugins.filter.core import combine
from ansible.plugins.filter.mathstuff import human_to_bytes
from jinja2 import Environment, FileSystemLoader

TEMPLATES = Path(__file__).resolve().parents[1] / "roles/stack/templates"


def compose_text(services: dict[str, Any], **variables: Any) -> str:
    """What is written for those `stack_services`; `variables` are further ones of the role."""
    described = {each.name: describe(each) for each in parse_services(services)}
    environment = Environment(loader=FileSystemLoader(TEMPLATES), trim_blocks=True)
    environment.filters |= {
        "combine": combine,
        "human_to_bytes": human_to_bytes,
        "groundwork_services": lambda _: described,
    }
    template = environment.get_template("docker-compose.yml.j2")
    given = {"stack_name": "t", "stack_limits": {}, "stack_health_interval": 0, "stack_bridge": ""}
    return template.render(given | {"stack_services": services} | variables)


def compose(services: dict[str, Any], **variables: Any) -> dict[str, Any]:
    """The same, parsed."""
    return yaml.safe_load(compose_text(services, **variables))
