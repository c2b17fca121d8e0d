"""Have images that are built from recipes, as they are in `images/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork.docker import Docker, labels
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.images import INPUTS_LABEL, Builder, recipes
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: built_image
short_description: Have images that are built from recipes
description:
  - Builds each recipe's image, unless the engine has one that was made from the same inputs.
  - The services' images come by M(container_images); this is for images that nothing else has.
options:
  build_dir:
    description: The directory of the recipes, a directory with an C(image.json) for each.
    type: path
    required: true
  names:
    description: The directories' names.
    type: list
    elements: str
    required: true
  cache_dir:
    description: Where downloads stay and builds do their work, one run at a time.
    type: path
    required: true
  docker_cli:
    description: The docker command.
    type: str
    default: docker
attributes:
  check_mode:
    description: Says which would be built.
    support: full
"""

EXAMPLES = r"""
- name: Build the image of the test hosts
  built_image:
    build_dir: molecule/shared/images
    names: [debian12]
    cache_dir: .cache/images
"""

RETURN = r"""
images:
  description: Each image's reference, by name.
  returned: success
  type: dict
  sample: {debian12: "groundwork/test-host:debian12"}
built:
  description: The names of those that were built.
  returned: success
  type: list
  elements: str
"""

ARGUMENT_SPEC: dict[str, Any] = {
    "build_dir": {"type": "path", "required": True},
    "names": {"type": "list", "elements": "str", "required": True},
    "cache_dir": {"type": "path", "required": True},
    "docker_cli": {"type": "str", "default": "docker"},
}


def run(call: Call) -> dict[str, Any]:
    docker = Docker(call.params["docker_cli"])
    directory = Path(call.params["build_dir"])
    wanted = [recipes.recipe(directory, name) for name in dict.fromkeys(call.params["names"])]
    present = docker.inspect("image", [recipe.reference for recipe in wanted])
    stale = [
        recipe
        for recipe in wanted
        if labels(present.get(recipe.reference, {})).get(INPUTS_LABEL) != recipe.inputs
    ]
    if stale and not call.check:
        outcomes = Builder(docker, Path(call.params["cache_dir"])).build(stale)
        failed = {name: error for name, error in outcomes.items() if error}
        if failed:
            raise GroundworkError(
                "Not every image can be built.",
                where=str(directory),
                details=[
                    line
                    for name, error in failed.items()
                    for line in (f"{name}: {error}", *(f"  | {line}" for line in error.lines))
                ],
                next_step="Fix what the lines above name, and run again.",
            )
    return {
        "changed": bool(stale),
        "images": {recipe.name: recipe.reference for recipe in wanted},
        "built": [recipe.name for recipe in stale],
    }


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
