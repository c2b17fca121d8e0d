"""Make ahead what images will be built of, beside the run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.module_utils.groundwork.config import parse_services
from ansible.module_utils.groundwork.images import ARGUMENTS, Setup, build, prepare
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: prepared_images
short_description: Make ahead what images will be built of, beside the run
description:
  - For a machine on which a Docker engine is being installed. Where no container registry is in
    reach, its images are built afterwards; this fetches the Python packages for that and makes the
    Debian base meanwhile, into O(cache_dir).
  - Does nothing where a registry answers, or where a directory with archives is set.
  - What it has begun goes on beside the run and ends with it, however that ends. Building waits
    for it, and tries itself what failed here.
  - For the machine on which ansible-playbook runs.
options:
  services:
    description: The dictionary C(stack_services) of the inventory.
    type: dict
    required: true
  sources:
    description: Where images may come from, as of M(container_images).
    type: list
    elements: str
    choices: [present, archive, registry, build]
    default: [present, archive, registry, build]
  archive_dir:
    description: A directory with C(docker save) tarballs. Empty where there is none.
    type: path
  build_dir:
    description: The directory with a recipe for each service type. Empty where nothing is built.
    type: path
  cache_dir:
    description: Where builds keep their downloads. Empty where nothing is built.
    type: path
  registry:
    description: A mirror's prefix for images that name no registry, as of M(container_images).
    type: str
    default: ""
attributes:
  check_mode:
    description: Begins nothing.
    support: full
"""

EXAMPLES = r"""
- name: Prepare what images are built of
  prepared_images:
    services: "{{ stack_services }}"
    build_dir: "{{ inventory_dir | dirname }}/images"
    cache_dir: "{{ inventory_dir | dirname }}/.cache/images"
"""

RETURN = r"""
service_types:
  description: The service types whose images will have to be built here.
  returned: success
  type: list
  elements: str
  sample: [postgres, qdrant, redis]
lacking:
  description: >-
    Debian packages that are needed for that, and are not here. What needs them isn't made yet.
  returned: success
  type: list
  elements: str
  sample: [mmdebstrap]
begun:
  description: Whether something is being made now.
  returned: success
  type: bool
"""

ARGUMENT_SPEC: dict[str, Any] = ARGUMENTS


def run(call: Call) -> dict[str, Any]:
    params = call.params
    setup, cache_dir = Setup.of(params, dry=call.check), params["cache_dir"]
    services = parse_services(params["services"])
    answers = prepare.registry_answers
    recipes = prepare.needed(setup, services, answers) if cache_dir else []
    lacking = build.missing_tools(None, recipes)
    begun = bool(recipes) and not call.check
    if begun:
        # A task runs in a worker, whose parent is the ansible-playbook that lives on
        prepare.start(recipes, Path(cache_dir), os.getppid())
    types = [recipe.name for recipe in recipes]
    return {"changed": False, "service_types": types, "lacking": lacking, "begun": begun}


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
