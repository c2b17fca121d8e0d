"""The inventory's further layers: a workspace's groundwork.yml, and single options of services."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import ansible.module_utils

# ansible.cfg's module_utils is for modules; a plugin on the controller has to say it again.
_CORE = str(Path(__file__).resolve().parent.parent / "module_utils")
if _CORE not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(_CORE)

from ansible.errors import AnsibleParserError
from ansible.inventory.helpers import sort_groups
from ansible.module_utils.groundwork.config import layers, workspace
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork_workspace import load, named
from ansible.plugins.vars import BaseVarsPlugin
from ansible.template import trust_as_template
from ansible.utils.vars import load_extra_vars

DOCUMENTATION = r"""
name: groundwork
short_description: Variables of an app's own repository, and single options of services
description:
  - Reads C(groundwork.yml) of the workspace as variables of the group all, and
    C(groundwork.GROUP.yml) beside it as those of a group. They win over the same group's
    C(group_vars), and lose against those of groups below it. C(-e workspace=), the variable
    C(GROUNDWORK_WORKSPACE) or C(workspace) in C(group_vars/dev/local.yml) names the workspace.
  - Works C(stack_services_changes) into C(stack_services), in whichever layer it stands.
"""


class VarsModule(BaseVarsPlugin):
    REQUIRES_ENABLED = (
        True  # after Ansible's own, as ansible.cfg says; by itself it would be before
    )
    is_stateless = True

    def get_vars(self, loader: Any, path: str, entities: Any, cache: bool = True) -> dict[str, Any]:
        """What a group or host gets besides what Ansible reads from group_vars by itself."""
        directory = _realpath(path)
        if not os.path.isdir(directory / "group_vars"):  # noqa: PTH112
            return {}
        entities = entities if isinstance(entities, list) else [entities]
        key = (directory, *((entity.base_type, entity.name) for entity in entities))
        if key not in _FOUND:
            try:
                _FOUND[key] = _Layers(loader, directory).of(entities) if entities else {}
            except GroundworkError as error:
                raise AnsibleParserError(str(error)) from None
        return _FOUND[key]


_FOUND: dict[Any, dict[str, Any]] = {}


@cache
def _realpath(path: str) -> Path:
    return Path(os.path.realpath(path))


class _Layers:
    """The layers of one inventory directory."""

    def __init__(self, loader: Any, directory: Path) -> None:
        self._loader = loader
        self._directory = directory
        self._extra = load_extra_vars(loader)
        self._workspace = named(loader, directory)

    def of(self, entities: list[Any]) -> dict[str, Any]:
        """What the entities, all of them groups or one host, get in addition."""
        first = entities[0]
        if hasattr(first, "get_groups"):
            return self._of_host(first)
        if self._workspace and first.name == "all":
            groups = {"all", *(group.name for group in first.get_descendants())}
            workspace.check_workspace(self._workspace, groups)
        own: set[str] = set()
        both: dict[str, Any] = {}
        stack: list[Mapping[str, Any]] = []
        for group in entities:
            for ours, layer in self._of_group(group.name):
                own |= set(layer) if ours else set()
                both |= layer
                stack.append(layer)
        found = {name: both[name] for name in own}
        if any(layers.CHANGES in layer for layer in stack):
            below = [] if first.name == "all" else self._plain("all")
            found[layers.SERVICES] = layers.effective_services([*below, *stack])
        return found

    def _of_host(self, host: Any) -> dict[str, Any]:
        own = [host.vars, *self._files("host_vars", host.name), self._extra]
        if not any(layers.CHANGES in layer for layer in own):
            return {}
        groups = sort_groups(host.get_groups())
        below = [layer for group in groups for layer in self._plain(group.name)]
        return {layers.SERVICES: layers.effective_services([*below, *own])}

    def _plain(self, group: str) -> list[Mapping[str, Any]]:
        return [layer for _, layer in self._of_group(group)]

    def _of_group(self, group: str) -> Iterable[tuple[bool, Mapping[str, Any]]]:
        """A group's layers, the weakest first, and whether each is one that we alone read."""
        for layer in self._files("group_vars", group):
            yield False, layer
        if self._workspace is None:
            return
        for file in workspace.workspace_files(self._workspace, group):
            if file.is_file():
                worked_out = workspace.of_workspace if group == "all" else workspace.of_group
                yield (
                    True,
                    _with_passwords(worked_out(load(self._loader, file), file, self._absolute)),
                )

    def _files(self, kind: str, name: str) -> Iterable[Mapping[str, Any]]:
        for file in self._loader.find_vars_files(str(self._directory / kind), name):
            found = load(self._loader, Path(os.fsdecode(file)))
            if isinstance(found, Mapping):
                yield found

    def _absolute(self, text: str) -> str:
        assert self._workspace is not None
        path: str = trust_as_template(os.path.normpath(self._workspace / text))
        return path


def _with_passwords(found: dict[str, Any]) -> dict[str, Any]:
    """The services' passwords come from the vault, where there is one, without a line for each."""
    for name in (layers.SERVICES, layers.CHANGES):
        if not isinstance(found.get(name), Mapping):
            continue
        found[name] = {
            key: {"password": _from_vault(key), **entry} if _has_password(entry) else entry
            for key, entry in found[name].items()
        }
    return found


def _has_password(entry: Any) -> bool:
    if not isinstance(entry, Mapping) or entry.get("external"):
        return False
    return bool(entry.get("kind", "container") != "container")


def _from_vault(service: str) -> str:
    template: str = trust_as_template(f"{{{{ vault_passwords[{service!r}] | default('') }}}}")
    return template
