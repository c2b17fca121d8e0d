"""Bring every image of the stack onto the host."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.groundwork.config import parse_services
from ansible.module_utils.groundwork.images import ARGUMENTS, ImagesResult, Setup, resolve
from ansible.module_utils.groundwork_module import Call, main

DOCUMENTATION = r"""
module: container_images
short_description: Bring every image of the stack onto the host
description:
  - Asks the O(sources) in their order, each for the images that are still missing.
  - An image that two services want is fetched once.
  - Where no source has an image, the module fails, and says for each image what was tried and why
    it didn't work.
options:
  services:
    description: The dictionary C(stack_services) of the inventory.
    type: dict
    required: true
  sources:
    description:
      - Where images may come from; the order matters.
      - V(present) is an image that the host has already, under its official name or as this
        project builds it. A built one must be of the current recipe where V(build) is a source,
        and where V(registry) comes later in the list, the registry is asked for the official one
        before.
      - V(archive) is a C(docker save) tarball in O(archive_dir). Where that directory has a
        C(SHA256SUMS) file, the tarball must be listed in it with its digest.
      - V(registry) is C(docker pull), at most three times where the registry falters, and given
        up within seconds where none is in reach. One that is reached and refuses (no such tag, no
        login, a limit) ends it for that image; nothing is built in its place then.
      - V(build) makes a stand-in from O(build_dir), under a name of its own. It needs
        C(mmdebstrap) (for who isn't root, C(newuidmap) too) and C(pip), Debian's mirror and a
        Python package index, and no container registry.
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
    description:
      - Where builds keep their downloads and do their work. Needed to build.
      - One run at a time builds there; another one waits.
    type: path
  registry:
    description:
      - A mirror's prefix, such as V(mirror.example.com/hub), for images that name no registry.
    type: str
    default: ""
  kept:
    description:
      - Services that keep the image that is built here, since their data or container were made by
        it. No registry is asked for them.
    type: list
    elements: str
    default: []
  renew:
    description:
      - Ask the registry for newer images of the same names. An image that is pinned by its digest
        stays what it is.
    type: bool
    default: false
  docker_cli:
    description: The docker command.
    type: str
    default: docker
attributes:
  check_mode:
    description:
      - Changes nothing, and names the source that would be used. Whether a registry has an image
        isn't asked; RV(images.resolved) is then V(false).
    support: full
"""

EXAMPLES = r"""
- name: Ensure the images are present, from wherever they are
  container_images:
    services: "{{ stack_services }}"
    archive_dir: /srv/images
    build_dir: "{{ inventory_dir | dirname }}/images"
    cache_dir: "{{ inventory_dir | dirname }}/.cache/images"

- name: Ensure the images are present on a machine without a network
  container_images:
    services: "{{ stack_services }}"
    sources: [present, archive]
    archive_dir: /srv/images
"""

RETURN = r"""
images:
  description: Where each service's image came from, by service.
  returned: always
  type: dict
  contains:
    wanted: {description: The image of the inventory., type: str, returned: always}
    used:
      description: The image that is here for it; empty where there is none (yet).
      type: str
      returned: always
    storage_format:
      description: What the service's data depend on, such as C(postgres-16-glibc).
      type: str
      returned: always
    id: {description: The image's ID., type: str, returned: always}
    archive: {description: The name of a file to archive it in., type: str, returned: always}
    source:
      description: Where it came from; empty where nobody had it.
      type: str
      returned: always
    changed:
      description: Whether the host didn't have that very image before.
      type: bool
      returned: always
    resolved:
      description: Whether that is certain; V(false) where check mode can't tell.
      type: bool
      returned: always
    tried:
      description: The sources that didn't have it, each with C(source) and C(why).
      type: list
      elements: dict
      returned: always
    seconds: {description: How long it took until it was here., type: float, returned: always}
  sample:
    postgres:
      wanted: postgres:16-alpine
      used: groundwork/postgres:16.15-3
      storage_format: postgres-16-glibc
      id: sha256:9d65a7199497c5e5fbb6b2a35d9a1b4f6a0f4cf4a7b2ac1c3d2a3c8b21d55b6e
      archive: groundwork_postgres_16.15-3.tar
      source: build
      changed: true
      resolved: true
      tried:
        - {source: present, why: neither postgres:16-alpine nor groundwork/postgres:16.15-3 is here}
        - {source: registry, why: "no registry in reach: ... no such host"}
      seconds: 41.3
lacking:
  description: Debian packages without which the missing images can't be built here.
  returned: failure
  type: list
  elements: str
"""

ARGUMENT_SPEC: dict[str, Any] = ARGUMENTS | {
    "kept": {"type": "list", "elements": "str", "default": []},
    "renew": {"type": "bool", "default": False},
    "docker_cli": {"type": "str", "default": "docker"},
}


def run(call: Call) -> dict[str, Any]:
    setup = Setup.of(call.params, dry=call.check)
    wanted = setup.wanted(parse_services(call.params["services"]))
    before = resolve.ids(setup.here, wanted)
    outcomes = resolve.resolve_all(wanted.values(), setup.ask())
    found = resolve.report(setup.docker, setup.here, wanted, outcomes, before)
    changed = any(image.changed for image in found.values())
    error = resolve.failure(outcomes)
    if error is None:
        return {"changed": changed, "images": ImagesResult(found).to_dict()["images"]}
    result = ImagesResult(found, tuple(setup.lacking(outcomes)))
    return {"changed": changed, "failed": True, "msg": str(error), **result.to_dict()}


if __name__ == "__main__":
    main(ARGUMENT_SPEC, run)
