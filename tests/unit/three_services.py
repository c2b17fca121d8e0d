"""One service of each type as the inventory has them, and secrets for them."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.env.secrets import SALT_VARIABLE

RAW: dict[str, Any] = {
    "postgres": {
        "kind": "postgres",
        "image": "postgres:16-alpine",
        "port": 15432,
        "url_variable": "DATABASE_URL",
    },
    "qdrant": {"kind": "qdrant", "image": "qdrant/qdrant:v1.7.4", "port": 16333},
    "redis": {"kind": "redis", "image": "redis:7-alpine", "port": 16379},
}
SERVICES = parse_services(RAW)
HARD = "a:b/c@d?e#f%g$h&i'j\"k l+m"
SECRETS = {
    SALT_VARIABLE: "salt",
    "POSTGRES_PASSWORD": HARD,
    "POSTGRES_SUPERUSER_PASSWORD": "superuser-key",
    "QDRANT_API_KEY": "qdrant-key",
    "REDIS_PASSWORD": HARD,
}
