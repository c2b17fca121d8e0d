"""An app's own repository: what its groundwork.yml says, as variables of the inventory."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from ..errors import GroundworkError
from ..text import did_you_mean
from .layers import CHANGES, SERVICES

FILE = "groundwork.yml"
# What says which repository is meant, the strongest first
VARIABLE = "GROUNDWORK_WORKSPACE"
OPTION = "workspace"
# Variables with one path; those of another machine aren't the workspace's to say
_PATHS = (
    *("workspace_dir", "schema_dir", "schema_alembic_ini", "images_archive_dir"),
    "env_files_tunnel_dir",
)
_TREE_PATHS = ("directory", "alembic_ini", "working_directory", "python")
_SERVICE_PATHS = ("ca_file", "certificate", "key")
_OF_GROUP = re.compile(r"groundwork\.(?P<group>[^.]+)(?:\.vault)?\.yml")


def workspace_files(directory: Path, group: str) -> list[Path]:
    """The files of a workspace that hold a group's variables, whether they are there or not."""
    if group == "all":
        return [directory / FILE]
    return [vault_file(directory, group), directory / f"groundwork.{group}.yml"]


def vault_file(directory: Path, group: str) -> Path:
    """Where a workspace keeps the passwords of a group, encrypted."""
    return directory / f"groundwork.{group}.vault.yml"


def check_workspace(directory: Path, groups: Collection[str]) -> None:
    """Raise GroundworkError where that is no workspace, or has the file of a group that isn't.

    `groups`: those of the inventory, `all` with them.
    """
    if not (directory / FILE).is_file():
        name = re.sub(r"[^a-z0-9_-]+", "-", directory.name.lower()).strip("-_") or "shop"
        raise GroundworkError(
            f"The workspace {directory} has no {FILE}."
            if directory.is_dir()
            else f"There is no directory {directory}, which was named as the workspace.",
            where=f"{OPTION}, {VARIABLE}, or `{OPTION}` in inventory/group_vars/dev/local.yml",
            next_step=f"Correct the name; or write {FILE} there, of which one line is enough: "
            f"stack_name: {name} (docs/workspace.md).",
        )
    for file in sorted(directory.glob("groundwork.*.yml")):
        match = _OF_GROUP.fullmatch(file.name)
        group = match["group"] if match else file.name
        if group not in groups:
            raise GroundworkError(
                f"There is no group {group!r} whose variables {file.name} could hold."
                + did_you_mean(group, groups),
                where=str(file),
                next_step="Name the file after a group of the inventory, or add the group "
                "(docs/staging.md).",
            )


def of_workspace(given: Any, file: Path, absolute: Callable[[str], str]) -> dict[str, Any]:
    """The variables of groundwork.yml, with what the checkout's own stack would say wrongly of it.

    `given` is the file's content; `absolute` makes a path that is relative to its directory an
    absolute one. Which folders there are is the workspace's to say: without a tree there is no
    schema, without apps no env file.
    """
    found = of_group(given, file, absolute)
    if not found.get("stack_name"):
        raise GroundworkError(
            "The workspace doesn't say what its stack is called.",
            where=str(file),
            next_step="Add the line stack_name: NAME (a-z, 0-9, - and _). The stack, its volumes "
            "and its network get that name, on every machine.",
        )
    here = absolute(".")  # on this computer, whatever a shared machine's workspace_dir is
    usual = {"workspace_dir": here, "env_files_tunnel_dir": here, "env_files_apps": {}}
    tree = {"schema_dir": "", "schema_service": "", "schema_alembic_ini": "", "schema_trees": []}
    return usual | tree | found


def of_group(given: Any, file: Path, absolute: Callable[[str], str]) -> dict[str, Any]:
    """The variables of one of the workspace's files; paths in it are absolute afterwards.

    Keys that begin with x- are a person's own, for YAML's anchors.
    """
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        raise GroundworkError(
            "The file doesn't hold variables, but something else.",
            where=str(file),
            next_step="Write a line for each of them, such as stack_name: shop.",
        )
    found = {str(name): value for name, value in given.items() if not str(name).startswith("x-")}
    for name in _PATHS:
        if name in found:
            found[name] = _path(found[name], absolute)
    trees = found.get("schema_trees")
    if isinstance(trees, list):
        found["schema_trees"] = [_paths(tree, _TREE_PATHS, absolute) for tree in trees]
    for name in (SERVICES, CHANGES):
        if isinstance(entries := found.get(name), Mapping):
            found[name] = {
                key: _paths(entry, _SERVICE_PATHS, absolute) for key, entry in entries.items()
            }
    return found


def unknown_names(given: Mapping[str, Any], known: Collection[str]) -> list[str]:
    """A sentence for each name in a workspace's file that is no variable of Groundwork."""
    return [
        f"{name}: no such variable.{_near(name, known)}"
        for name in map(str, given)
        if name not in known and not name.startswith(("x-", "ansible_"))
    ]


def _near(name: str, known: Collection[str]) -> str:
    near = did_you_mean(name, known)
    more = " docs/variables.md has them all; what is yours alone begins with x-."
    return near if near.startswith(" Did") else more


def _paths(entry: Any, names: tuple[str, ...], absolute: Callable[[str], str]) -> Any:
    if not isinstance(entry, Mapping):
        return entry  # refused where entries are checked
    return {
        key: _path(value, absolute, command=key == "python") if key in names else value
        for key, value in entry.items()
    }


def _path(value: Any, absolute: Callable[[str], str], command: bool = False) -> Any:
    """Text that is a relative path becomes absolute. `command`: a bare word is found by PATH."""
    if command and isinstance(value, list):
        return [_path(value[0], absolute, command), *value[1:]] if value else value
    if not isinstance(value, str) or not value or value.startswith(("/", "~", "{{", "$")):
        return value
    if command and "/" not in value.split(" ")[0]:
        return value
    return absolute(value)
