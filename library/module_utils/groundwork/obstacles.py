"""What stands in the way of a start: other people's folders, files and ports, a full disk."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import dotenv, files, ownership, plan, ports
from . import engine as engines
from .desired import Desired
from .docker import Docker
from .errors import GroundworkError

Containers = dict[str, dict[str, Any]] | None


def foreign_projects(
    desired: Desired, containers: Containers, volumes: Mapping[str, Any]
) -> list[str]:
    """Other folders that this stack was started from, if they still are there."""
    folders = {
        engines.labels(container).get("com.docker.compose.project.working_dir", "")
        for container in (containers or {}).values()
    }
    if volumes:
        folders.add(ownership.folder_of(desired.stack))
    return sorted(
        folder
        for folder in folders
        if folder
        and Path(folder).resolve() != desired.stack_dir.resolve()
        and (Path(folder) / "docker-compose.yml").exists()
    )


def certificates(desired: Desired) -> list[dict[str, str]]:
    """A certificate in the inventory that can't be used."""
    try:
        desired.certificates()
    except GroundworkError as error:
        return [{"what": error.what, "where": error.where, "next_step": error.next_step}]
    return []


def foreign_compose_file(desired: Desired) -> str:
    """A Compose file in our place that somebody else wrote, or `""`."""
    text = files.read(desired.compose_file)
    if text is None or text.removeprefix(dotenv.BOM).startswith(
        desired.compose.partition(" from ")[0]
    ):
        return ""
    return str(desired.compose_file)


def ports_taken(desired: Desired, docker: Docker, containers: Containers) -> list[dict[str, Any]]:
    """Ports that somebody else holds; those that this stack's own containers hold don't count."""
    ours = {
        int(published["HostPort"])
        for container in (containers or {}).values()
        for bindings in (container["NetworkSettings"]["Ports"] or {}).values()
        for published in bindings or []
    }
    waiting = {service.port: service for service in desired.own if service.port not in ours}
    held = ports.taken(docker, [(service.bind, port) for port, service in waiting.items()])
    return [
        {"service": waiting[item.port].name, "port": item.port, "holder": item.holder}
        for item in held
    ]


def machine(desired: Desired) -> list[dict[str, str]]:
    """Addresses that the inventory names and this machine doesn't have, as problems."""
    foreign = ports.foreign(service.bind for service in desired.own)
    return [
        {
            "what": f"{service.bind}, where {service.name} is to listen, is not an address "
            "of this machine.",
            "where": f"stack_services.{service.name}.bind",
            "next_step": "`ip address` shows those that it has.",
        }
        for service in desired.own
        if service.bind in foreign
    ]


def unguarded(firewall: Mapping[str, Any], containers: Containers) -> list[dict[str, str]]:
    """A network that was made without the name by which the firewall knows it, as a problem."""
    if not firewall or not firewall["enabled"] or not containers:
        return []
    if Path("/sys/class/net", firewall["bridge"]).exists():
        return []
    return [
        {
            "what": "The stack's network was made before its firewall, which can't guard it.",
            "where": f"the network interface {firewall['bridge']}, which isn't there",
            "next_step": "Run `docker compose down` in the stack's folder there (data stay), then "
            "run again: the network is made anew.",
        }
    ]


def disk(
    desired: Desired, docker: Docker, min_free_mb: int, found: Mapping[str, Any]
) -> dict[str, Any]:
    """The room on the engine's disk, looked at only where something will be started."""
    nothing = {"disk_free_mb": None, "disk_wanted_mb": min_free_mb, "disk_path": ""}
    steps = plan.plan(desired, found)
    if found["engine"]["state"] != "ok" or not (steps["images"] or steps["services"]):
        return nothing
    result = docker.run("info", "--format", "{{.DockerRootDir}}", timeout=10)
    root = result.stdout.strip()
    if not result.ok or not root:
        return nothing
    try:
        free = shutil.disk_usage(root).free // 1_000_000
    except OSError:  # the engine runs in a virtual machine, or only root may look there
        return nothing
    return nothing | {"disk_free_mb": free, "disk_path": root}
