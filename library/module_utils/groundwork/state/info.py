"""The inspection as a whole: a module's parameters in, its result out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import dotenv, environment
from ..docker import Docker
from ..env import Image
from ..errors import GroundworkError
from ..images import SOURCES, Setup, checked_prefix, read_recipes
from ..migrations import SchemaSetup
from ..services import endpoint, service_type
from ..tls import certificates
from .checks import Limits, problems
from .compare import Asked, compare
from .desired import Desired
from .gather import Facts, Where, gather
from .model import Inspection, State, Summary
from .plan import plan
from .stack_containers import former
from .usage import read_usage
from .volumes import for_volumes

_MOST = 6  # names of variables that one row of the summary has

ARGUMENT_SPEC: dict[str, Any] = {
    "stack_name": {"type": "str", "required": True},
    "services": {"type": "dict", "required": True},
    "apps": {"type": "dict", "default": {}},
    "workspace_dir": {"type": "path", "required": True},
    "stack_dir": {"type": "path", "required": True},
    "compose": {"type": "str", "required": True},
    "password_length": {"type": "int", "default": 32, "no_log": False},
    "sources": {
        "type": "list",
        "elements": "str",
        "choices": list(SOURCES),
        "required": True,
    },
    "registry": {"type": "str", "default": ""},
    "renew": {"type": "bool", "default": False},
    "build_dir": {"type": "path"},
    "trees": {"type": "list", "elements": "dict", "default": []},
    "min_free_mb": {"type": "int", "default": 1024},
    "docker_cli": {"type": "str", "default": "docker"},
    "tunnel": {"type": "str", "default": ""},
    "reset_passwords": {"type": "bool", "default": False, "no_log": False},
    "rotate": {"type": "list", "elements": "str", "default": []},
    "refuse": {"type": "bool", "default": True},
    "usage": {"type": "bool", "default": False},
    "daemon": {"type": "dict", "default": {}},
    "firewall": {"type": "dict", "default": {}},
    "monitoring": {"type": "dict", "default": {}},
    "backup": {"type": "dict", "default": {}},
    "backup_dir": {"type": "str", "default": ""},
    "moving": {"type": "list", "elements": "str", "default": []},
    "moving_back": {"type": "bool", "default": False},
    "core_dir": {"type": "path"},
}


def stack_info(params: Mapping[str, Any]) -> dict[str, Any]:
    """The result of the module stack_info (see its RETURN), `failed` and `msg` in it if it refuses.

    Raises GroundworkError where the parameters can't be used.
    """
    found = inspect(params)
    result = {"changed": False, **found.to_dict()}
    if found.problems and params["refuse"]:
        errors = [str(problem.as_error()) for problem in found.problems]
        result |= {"failed": True, "msg": "\n\n".join([*errors, "No service was touched."])}
    return result


def inspect(params: Mapping[str, Any]) -> Inspection:
    """Desired state, facts, what they mean, what to do, and what is in the way: one after another.

    Raises GroundworkError where the parameters can't be used.
    """
    desired = Desired.of(params)
    docker, build_dir = Docker(params["docker_cli"]), params["build_dir"]
    images = Setup(
        docker,
        sources=params["sources"],
        recipes=read_recipes(Path(build_dir)) if build_dir else {},
        registry=checked_prefix(params["registry"]),
    ).wanted(desired.services)
    trees = [SchemaSetup.from_dict(each) for each in params["trees"]]
    where = Where(
        docker,
        images,
        trees,
        params["daemon"],
        params["firewall"],
        monitoring=params.get("monitoring") or {},
        backup=params.get("backup") or {},
        backup_dir=params.get("backup_dir") or "",
    )
    facts = gather(desired, where)
    if facts.engine.state == "ok":
        desired = for_volumes(desired, facts.volumes)
    moving = frozenset(params.get("moving") or ())
    free = moving if not params.get("moving_back") else frozenset[str]()
    compared = compare(desired, facts, Asked(images, params["sources"], params["renew"], free))
    state = compared.state
    steps = plan(desired, state)
    limits = Limits(params["reset_passwords"], params["min_free_mb"], params["firewall"], moving)
    found = problems(desired, facts, compared, steps, limits, docker)
    return Inspection(
        state=state,
        plan=steps,
        problems=tuple(found),
        summary=Summary(desired.stack, tuple(_docs(params, desired, state, facts, bool(found)))),
        images={
            name: Image(image.reference, image.storage_format)
            for name, image in state.images.items()
            if image.reference
        },
        kept_images=tuple(name for name, image in state.images.items() if image.kept),
        usage=read_usage(desired, facts, docker) if params.get("usage") else None,
    )


def _docs(
    params: Mapping[str, Any], desired: Desired, state: State, facts: Facts, refused: bool
) -> Iterator[tuple[str, str]]:
    if params["tunnel"]:
        yield "tunnel", params["tunnel"]
    if not refused and any(service.tls for service in desired.managed):
        yield "tls", _first_end(desired)
    for name, found in state.objects.items():
        if found.superuser:
            user = next(each.options["user"] for each in desired.services if each.name == name)
            yield (
                "role",
                f"{user} of {name} is a superuser (docs/postgres.md says how to change that)",
            )
        for each in found.left:
            yield "left", f"{each} of {name}, which the inventory doesn't have any more"
    if not refused:
        yield from _own_lines(desired, facts)
    if state.backups:
        yield "backup", str(state.backups)
    for name, volume in state.left_data.items():
        yield "data", f"of {name} are here still: {volume}"
    if not state.owner:
        for store, names in former(desired, facts.volumes).items():
            yield "former", f"volumes of {store} that aren't live: {', '.join(names)}"
    for service in desired.managed:
        rules, image = service_type(service).settings, state.images.get(service.name)
        if rules and image and image.built and (left := rules.ignored(service.settings)):
            yield (
                "ignored",
                f"{', '.join(left)} of {service.name}: {image.reference} doesn't read it",
            )
    yield from _more_ports(desired)


def _own_lines(desired: Desired, facts: Facts) -> Iterator[tuple[str, str]]:
    """What of an app's env file a person's own lines say in another way, as they may."""
    for file in desired.app_files():
        names = dotenv.overruled(facts.files[file.path].text or "", file.text)
        shown = ", ".join(names[:_MOST])
        if len(names) > _MOST:
            shown += f" and {len(names) - _MOST} more"
        if names:
            path = file.path
            if desired.workspace in path.parents:
                path = path.relative_to(desired.workspace)
            yield "own lines", f"of {path} win over Groundwork's: {shown}"


def _more_ports(desired: Desired) -> Iterator[tuple[str, str]]:
    """Where a service answers besides its address."""
    for service in desired.services:
        for name, port in service.more_ports.items():
            yield name, f"{service.name} at {replace(endpoint(service, 'host'), port=port)}"


def _first_end(desired: Desired) -> str:
    """When the first certificate ends."""
    pairs = desired.certificates
    end, name = min((certificates.ends(pair), name) for name, pair in pairs.items())
    who = "the CA" if name == certificates.CA else name
    return f"certificates until {end:%Y-%m-%d} ({who}'s)"


def serve(params: Mapping[str, Any]) -> dict[str, Any]:
    """`stack_info` on a machine that has this package and no Ansible (groundwork_remote.py).

    Parameters of Ansible's type `path` are read as that machine reads them. Never raises a
    GroundworkError: it becomes `failed` and `msg`.
    """
    paths = {
        name: str(Path(os.path.expandvars(params[name])).expanduser())
        for name, option in ARGUMENT_SPEC.items()
        if option["type"] == "path" and params.get(name)
    }
    try:
        with environment.controlled():
            return stack_info({**params, **paths})
    except GroundworkError as error:
        return {"failed": True, "msg": str(error)}
