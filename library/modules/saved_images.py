"""Have images as archives in a directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork.docker import Docker
from ansible.module_utils.groundwork.images import archive, save
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: saved_images
short_description: Have images as archives in a directory
description:
  - Saves images with C(docker save), those that the directory doesn't have already, and keeps the
    archives' digests in C(SHA256SUMS). M(container_images) reads such a directory.
options:
  images:
    description: The images' names.
    type: list
    elements: str
    required: true
  directory:
    description: The directory; it is made where it isn't there.
    type: path
    required: true
  docker_cli:
    description: The docker command.
    type: str
    default: docker
attributes:
  check_mode:
    description: Says which would be saved.
    support: full
"""

EXAMPLES = r"""
- name: Save the stack's images as archives, for a machine without a network
  saved_images:
    images: ["groundwork/postgres:16.15", "groundwork/redis:7.0.15"]
    directory: /srv/images
"""

RETURN = r"""
saved:
  description: The images that were saved.
  returned: success
  type: list
  elements: str
files:
  description: The archive of each image.
  returned: success
  type: dict
  sample: {"groundwork/redis:7.0.15": /srv/images/groundwork_redis_7.0.15.tar}
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "images": {"type": "list", "elements": "str", "required": True},
    "directory": {"type": "path", "required": True},
    "docker_cli": {"type": "str", "default": "docker"},
}


def run(call: Call) -> dict[str, Any]:
    docker, directory = Docker(call.params["docker_cli"]), Path(call.params["directory"])
    names = list(dict.fromkeys(call.params["images"]))
    saved = save.missing(docker, names, directory, dry=call.check)
    if saved and not call.check:
        save.save(docker, saved, directory)
    files = {name: str(directory / archive.file_name(name)) for name in names}
    return {"changed": bool(saved), "saved": saved, "files": files}


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
