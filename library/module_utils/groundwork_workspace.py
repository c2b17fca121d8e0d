"""Which workspace a run is for: the plugin that reads its files asks, and who checks them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork.config import workspace
from ansible.utils.vars import load_extra_vars


def named(loader: Any, inventory: Path) -> Path | None:
    """The workspace's directory; None where none is named, and the checkout is its own.

    `inventory`: the directory with group_vars. What a person types counts before what their
    local.yml says; paths there are relative to the checkout.
    """
    own = inventory / "group_vars/dev/local.yml"
    local = load(loader, own) if own.is_file() else {}
    for given, base in (
        (load_extra_vars(loader).get(workspace.OPTION), Path.cwd()),
        (os.environ.get(workspace.VARIABLE), Path.cwd()),
        ((local or {}).get(workspace.OPTION), inventory.parent),
    ):
        if given:
            return Path(os.path.normpath(base / Path(str(given)).expanduser()))
    return None


def load(loader: Any, file: Path) -> Any:
    """A file's YAML, decrypted, as Ansible itself reads group_vars."""
    return loader.load_from_file(str(file), cache="all", unsafe=True, trusted_as_template=True)
