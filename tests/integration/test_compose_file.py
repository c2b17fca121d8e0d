"""What Compose itself makes of the rendered file, also for images that this machine hasn't."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork import dotenv
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.env import content
from ansible.module_utils.groundwork.env.content import Image
from ansible.module_utils.groundwork.env.secrets import placeholders
from rendered import compose_text

from .stack import docker

QDRANT = {"kind": "qdrant", "image": "qdrant/qdrant:v1.7.4", "port": 6333, "grpc_port": 16334}


def read_by_compose(directory: Path, services: dict[str, Any]) -> dict[str, Any]:
    parsed = parse_services(services)
    images = {service.name: Image(service.image, "storage_format") for service in parsed}
    lines = content.infra_env(parsed, images, placeholders(parsed))
    (directory / "docker-compose.yml").write_text(compose_text(services), encoding="utf-8")
    (directory / ".env").write_text(dotenv.render(lines), encoding="utf-8")
    asked = ("compose", "--project-directory", str(directory), "config", "--format", "json")
    return json.loads(docker(*asked))["services"]


def test_qdrants_grpc_port_is_published(tmp_path: Path) -> None:
    for more in ({}, {"tls": True}, {"bind": "fd00::5"}):
        made = read_by_compose(tmp_path, {"qdrant": QDRANT | more})["qdrant"]
        published = {(each["host_ip"], each["published"], each["target"]) for each in made["ports"]}
        address = more.get("bind", "127.0.0.1")
        assert published == {(address, "6333", 6333), (address, "16334", 6334)}
        assert made["image"] == "qdrant/qdrant:v1.7.4"
