"""Observing as a whole: a module's parameters in, its result out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import environment
from ..docker import Docker
from ..errors import GroundworkError
from ..images import Setup, checked_prefix, read_recipes
from ..migrations import Tree
from ..services import endpoint
from ..tls import certificates
from . import gather, plan
from .desired import Desired

ARGUMENT_SPEC: dict[str, Any] = {
    "stack_name": {"type": "str", "required": True},
    "services": {"type": "dict", "required": True},
    "apps": {"type": "dict", "default": {}},
    "workspace_dir": {"type": "path", "required": True},
    "stack_dir": {"type": "path", "required": True},
    "compose": {"type": "str", "required": True},
    "password_length": {"type": "int", "default": 32, "no_log": False},
    "sources": {"type": "list", "elements": "str", "required": True},
    "registry": {"type": "str", "default": ""},
    "renew": {"type": "bool", "default": False},
    "build_dir": {"type": "path"},
    "schema_dir": {"type": "path"},
    "schema_service": {"type": "str", "default": ""},
    "alembic_ini": {"type": "path"},
    "version_table_file": {"type": "path"},
    "min_free_mb": {"type": "int", "default": 1024},
    "docker_cli": {"type": "str", "default": "docker"},
    "tunnel": {"type": "str", "default": ""},
    "reset_passwords": {"type": "bool", "default": False, "no_log": False},
    "rotate": {"type": "list", "elements": "str", "default": []},
    "refuse": {"type": "bool", "default": True},
    "daemon": {"type": "dict", "default": {}},
    "firewall": {"type": "dict", "default": {}},
    "core_dir": {"type": "path"},
}


def observe(params: Mapping[str, Any]) -> dict[str, Any]:
    """The result of the module observe (see its RETURN), `failed` and `msg` in it if it refuses.

    Raises GroundworkError where the parameters can't be used.
    """
    desired = Desired.of(params)
    docker = Docker(params["docker_cli"])
    build_dir = params["build_dir"]
    setup = Setup(
        docker,
        sources=params["sources"],
        recipes=read_recipes(Path(build_dir)) if build_dir else {},
        registry=checked_prefix(params["registry"]),
    )
    where = gather.Where(
        docker=docker,
        images=setup.wanted(desired.services),
        sources=params["sources"],
        renew=params["renew"],
        schema=_tree(params),
        min_free_mb=params["min_free_mb"],
        daemon=params["daemon"],
        firewall=params["firewall"],
    )
    found = gather.look(desired, where)
    if found["owner"]:  # what answers there says nothing of this folder's services
        found |= {key: {} for key in ("services", "images", "files", "env_files")}
        found["schema"] = {key: type(value)() for key, value in found["schema"].items()}
    steps = plan.plan(desired, found)
    problems = plan.problems(desired, found, params["reset_passwords"])
    problems += plan.nothing_to_rotate(desired, steps)
    result = {
        "changed": False,
        "look": found,
        "plan": steps,
        "problems": problems,
        "summary": {
            "stack": desired.stack,
            "docs": ([["tunnel", params["tunnel"]]] if params["tunnel"] else [])
            + _certificates(desired, problems)
            + [["data", f"of {name} are here still: {v}"] for name, v in found["left_data"].items()]
            + _more_ports(desired),
        },
        "images": {
            name: {"reference": image["reference"], "flavour": image["flavour"]}
            for name, image in found["images"].items()
            if image["reference"]
        },
        "kept_images": [name for name, image in found["images"].items() if image["kept"]],
    }
    if problems and params["refuse"]:
        errors = [
            GroundworkError(item["what"], where=item["where"], next_step=item["next_step"])
            for item in problems
        ]
        text = "\n\n".join([*map(str, errors), "No service was touched."])
        result |= {"failed": True, "msg": text}
    return result


def _tree(params: Mapping[str, Any]) -> Tree | None:
    names = ("schema_dir", "alembic_ini", "version_table_file")
    folder, ini, file = (Path(params[name]) if params[name] else None for name in names)
    return Tree(folder, params["schema_service"], ini, file) if folder else None


def _certificates(desired: Desired, problems: list[dict[str, str]]) -> list[list[str]]:
    """When the first certificate ends, for the summary."""
    if problems or not any(service.tls for service in desired.own):
        return []
    pairs = desired.certificates()
    end, name = min((certificates.ends(pair), name) for name, pair in pairs.items())
    who = "the authority" if name == certificates.AUTHORITY else name
    return [["tls", f"certificates until {end:%Y-%m-%d} ({who}'s)"]]


def _more_ports(desired: Desired) -> list[list[str]]:
    """Where a service answers besides its address, for the summary."""
    return [
        [name, f"{service.name} at {replace(endpoint(service, 'host'), port=port)}"]
        for service in desired.services
        for name, port in service.more_ports.items()
    ]


def serve(params: Mapping[str, Any]) -> dict[str, Any]:
    """`observe` on a machine that has this package and no Ansible (groundwork_remote.py).

    Parameters of Ansible's type `path` are read as that machine reads them. Never raises a
    GroundworkError: it becomes `failed` and `msg`.
    """
    paths = {
        name: str(Path(os.path.expandvars(params[name])).expanduser())
        for name, option in ARGUMENT_SPEC.items()
        if option["type"] == "path" and params.get(name)
    }
    try:
        with environment.settled():
            return observe({**params, **paths})
    except GroundworkError as error:
        return {"failed": True, "msg": str(error)}
