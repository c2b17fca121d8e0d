"""What stands in the way of a start: other people's folders, files and ports, a full disk."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .. import dotenv, files
from ..docker import Docker, compose, ownership, ports
from ..env import git
from ..errors import GroundworkError
from . import plan
from .desired import Desired
from .survey import Survey

Containers = dict[str, dict[str, Any]] | None


def owner(
    desired: Desired, surveyed: Survey, volumes: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """Another folder that this stack belongs to, and its user; nothing where it is this one's."""
    containers = (surveyed.containers or {}).values()
    found = ownership.other_owner(desired.stack, desired.stack_dir, containers, volumes)
    return {"folder": str(found.folder), "user": found.user} if found else {}


def strangers(surveyed: Survey) -> list[dict[str, str]]:
    """Containers outside the stack that may write to its volumes, running or not, as problems.

    Two servers on one volume destroy it, however well each of them says that it is.
    """
    return [
        {
            "what": f"The container {each['name']} isn't the stack's, and uses its volume "
            f"{each['volume']} too. Two servers on the same files destroy them.",
            "where": f"docker inspect {each['name']}",
            "next_step": f"Remove it (`docker rm --force {each['name']}`; what is on the volume "
            "stays), then run again.",
        }
        for each in surveyed.strangers
    ]


# Compose's own variables by which it takes another project or other files
_LEADING = re.compile(r"^\s*(?:export\s+)?(COMPOSE_(?:PROJECT_NAME|FILE|ENV_FILES))\s*[=:]", re.M)


def own_lines(desired: Desired) -> list[dict[str, str]]:
    """Lines of a person's own by which `docker compose` by hand takes another project, as problems.

    Groundwork itself doesn't follow them.
    """
    env = dotenv.outside(files.read(desired.env_file) or "")
    override = desired.stack_dir / compose.OVERRIDE
    found = [(desired.env_file, name) for name in dict.fromkeys(_LEADING.findall(env))]
    if re.search(r"^name\s*:", files.read(override) or "", re.M):
        found.append((override, "name"))
    return [
        {
            "what": f"A line of your own, {name}, leads `docker compose` in that folder to another "
            f"project or other files than the stack {desired.stack!r}.",
            "where": str(path),
            "next_step": "Take the line out. The stack's name is stack_name; what you want to add "
            f"to its Compose file goes into {compose.OVERRIDE} beside it.",
        }
        for path, name in found
    ]


def certificates(desired: Desired) -> list[dict[str, str]]:
    """A certificate in the inventory that can't be used."""
    try:
        desired.certificates()
    except GroundworkError as error:
        return [error.as_problem()]
    return []


def unwritable(infra: Iterable[files.State], apps: Iterable[files.State]) -> list[dict[str, str]]:
    """A file that has to be written and can't be, or gets passwords that git would take along."""
    try:
        git.check_unseen(files.changing(infra), covered=True)
        git.check_unseen(files.changing(apps))
    except GroundworkError as error:
        return [error.as_problem()]
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
    waiting = {
        port: (service, option)
        for service in desired.own
        for option, port in service.ports.items()
        if port not in ours
    }
    held = ports.taken(docker, [(service.bind, port) for port, (service, _) in waiting.items()])
    return [
        {
            "service": waiting[item.port][0].name,
            "option": waiting[item.port][1],
            "port": item.port,
            "holder": item.holder,
        }
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
