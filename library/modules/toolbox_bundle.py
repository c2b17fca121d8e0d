"""Gather what the project's modules need on another machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork.host import bundle
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: toolbox_bundle
short_description: Gather what the project's modules need on another machine
description:
  - Runs on the controller. Downloads the Python packages for the target (O(python),
    O(architecture)) by
    their digests, and packs them with directories of the project into one tarball.
  - Without O(python) it only says the digest of what would be in it.
options:
  requirements:
    description: A requirements file with digests.
    type: path
    required: true
  directories:
    description: Directories that the target needs, by the name that each gets in the tarball.
    type: dict
    default: {}
  also:
    description: Words that the digest changes with, too.
    type: list
    elements: str
    default: []
  python:
    description: The target's Python version, such as V(3.11).
    type: str
  architecture:
    description: The target's architecture, as its kernel names it.
    type: str
    default: x86_64
  cache_dir:
    description: Where downloads and the tarball stay.
    type: path
    required: true
attributes:
  check_mode:
    description: Only the digest is worked out.
    support: full
"""

EXAMPLES = r"""
- name: Pack the toolbox for Debian 12
  toolbox_bundle:
    requirements: roles/toolbox/files/requirements.txt
    directories: {alembic: alembic}
    python: "3.11"
    cache_dir: .cache/toolbox
  delegate_to: localhost
"""

RETURN = r"""
digest:
  description: Sixteen digits that change with what is in the tarball, the wheels aside.
  returned: always
  type: str
path:
  description: The tarball; empty without O(python) and in check mode.
  returned: always
  type: str
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "requirements": {"type": "path", "required": True},
    "directories": {"type": "dict", "default": {}},
    "also": {"type": "list", "elements": "str", "default": []},
    "python": {"type": "str"},
    "architecture": {"type": "str", "default": "x86_64"},
    "cache_dir": {"type": "path", "required": True},
}


def run(call: Call) -> dict[str, Any]:
    params = call.params
    requirements = Path(params["requirements"])
    directories = {name: Path(path) for name, path in params["directories"].items()}
    found = {"digest": bundle.digest(requirements, directories, params["also"]), "path": ""}
    if params["python"] and not call.check:
        cache = Path(params["cache_dir"])
        path = bundle.bundle(
            requirements, directories, params["python"], params["architecture"], cache
        )
        found["path"] = str(path)
    return found


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
