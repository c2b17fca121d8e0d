"""A container as the inventory has it, with a secret, two ports, two volumes and templates."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.services import Service

ENTRY: dict[str, Any] = {
    "kind": "container",
    "image": "axllent/mailpit:v1.20",
    "ports": {"smtp": {"container": 1025, "port": 11025}, "web": {"container": 80, "port": 18025}},
    "environment": {"MP_MAX_MESSAGES": 500, "MP_VERBOSE": True, "MP_LABEL": "a$b ${C}"},
    "secrets": {"login": "MP_LOGIN_FILE", "relay": {"plain_variable": "MP_RELAY"}},
    "files": {"/etc/mailpit/auth": "app:{secret.login}\n"},
    "volumes": {"data": "/data", "conf": "/conf"},
    "health": {"http": "/livez", "port": "web"},
    "url": "smtp://app:{secret.login}@{host}:{port}",
    "lines": {"MAIL_HOST": "{host}", "MAIL_WEB": "http://{host}:{port.web}", "MAIL_PORT": "{port}"},
}
SECRETS = {"MAIL_LOGIN": "p@ss word", "MAIL_RELAY": "relay's"}


def mail(**changed: Any) -> Service:
    """The service `mail`; an option that is None is left out."""
    entry = {key: value for key, value in (ENTRY | changed).items() if value is not None}
    (service,) = parse_services({"mail": entry})
    return service
