"""An image that is here and can't do what a service needs, as problems."""

from __future__ import annotations

import re

from .. import image_names
from ..docker import Docker
from ..errors import Problem
from ..services import Service, lacks
from ..text import did_you_mean
from . import formats
from .choice import ImageChoice

# Where the wanted ones are, of those that people ask for most
_EXTENSION_IMAGES = {
    "vector": "pgvector/pgvector:pg16",
    "postgis": "postgis/postgis:16-3.4",
    "postgis_raster": "postgis/postgis:16-3.4",
    "postgis_topology": "postgis/postgis:16-3.4",
    "timescaledb": "timescale/timescaledb:latest-pg16",
}
# Wherever an image has them; those that can be made have a file of that name
_ASK_EXTENSIONS = "find / -xdev -path '*/extension/*.control' 2>/dev/null; true"


def missing_ports(service: Service, reference: str) -> list[Problem]:
    """Further ports that a service publishes and the image built here doesn't have."""
    if not lacks(service) or not reference.startswith("groundwork/"):
        return []
    option = " and ".join(option for option in service.ports if option != "port")
    return [
        Problem(
            f"{reference}, which is built here in place of the official image, {lacks(service)}.",
            f"stack_services.{service.name}.{option}",
            f"Get the official image here (docs/images.md), or leave {option} out.",
        )
    ]


def missing_extensions(docker: Docker, service: Service, image: str) -> list[Problem]:
    """Extensions that a PostgreSQL is to have and its image doesn't, by asking it.

    One that can't be asked (it has no shell) is believed to have all.
    """
    said = formats.inside(docker, image, _ASK_EXTENSIONS)
    paths = said.stdout.split()
    there = {path.rpartition("/")[2].removesuffix(".control") for path in paths}
    missing = sorted(service.objects.extensions - there)
    if not said.ok or not there or not missing:
        return []
    known = {name: _EXTENSION_IMAGES[name] for name in missing if name in _EXTENSION_IMAGES}
    near = "".join(did_you_mean(name, there) for name in missing if name not in known)
    images = "; ".join(f"{name}: {image}" for name, image in known.items())
    return [
        Problem(
            f"The image {image} has no extension {', '.join(missing)}.{near}",
            f"stack_services.{service.name}.extensions",
            f"Name an image that has it{f' ({images})' if images else ''} in "
            f"stack_services.{service.name}.image, or take the name out. The view "
            "pg_available_extensions shows those that a server has.",
        )
    ]


def format_conflict(
    service: Service, name: str, made_by: str, data_version: str, image: ImageChoice
) -> Problem | None:
    """A volume, by its name, whose storage format isn't the image's.

    `data_version`: found in the volume itself, for want of a label.
    """
    wanted, where = image.storage_format, f"stack_services.{service.name}.image"
    if data_version:
        made_by = wanted if data_version == wanted.split("-")[1] else f"major {data_version}"
    if not made_by or made_by == wanted:
        return None
    if wanted.endswith("-unknown"):
        return Problem(
            f"The volume {name} was made by {made_by}; the image {image.reference} has "
            "no shell that says which version and C library it has.",
            where,
            "Put back the image from before; or, where you know that it fits, give "
            "this one the labels groundwork.major (16) and groundwork.libc (glibc or musl).",
        )
    built = image.built if image.built != image.reference else ""
    move = _way(service, name, made_by, wanted)
    return Problem(
        f"The volume {name} was made by {made_by}; the image {image.reference} is "
        f"{wanted}, which can't read it safely.",
        where,
        f"Put back an image of {made_by}"
        + (f" (if that was {built}: images_sources: [present, build])" if built else "")
        + f". {move} (docs/data.md).",
    )


def skipped_version(service: Service, has: str, wants: str) -> Problem | None:
    """A Qdrant that would skip a minor version, or go back one: it reads the files of the one
    before it alone. `has` and `wants` are images; only tags tell their versions."""
    if service.kind != "qdrant":
        return None
    found, wanted = _minor(has), _minor(wants)
    if found is None or wanted is None or found == wanted:
        return None
    (major, minor), (to_major, to_minor) = found, wanted
    if to_major == major and to_minor == minor + 1:
        return None
    newer = wanted > found
    return Problem(
        f"The data of {service.name} are of {has}; {wants} "
        + (
            "skips minor versions, which Qdrant can't."
            if newer
            else "is older, and can't read them."
        ),
        f"stack_services.{service.name}.image",
        f"Name the last patch of {major}.{minor + 1} first, run, and go on from there."
        if newer
        else "Put back the image from before.",
    )


def _minor(reference: str) -> tuple[int, int] | None:
    image = image_names.parse(reference)
    number = re.match(r"(\d+)\.(\d+)", image_names.version(image.tag)) if image else None
    return (int(number[1]), int(number[2])) if number else None


def _way(service: Service, volume: str, made_by: str, wanted: str) -> str:
    """How data come to what an image wants."""
    if service.kind != "postgres":
        return (
            f"To move to {wanted}, remove the volume knowingly (`docker volume rm {volume}`) and "
            "fill the new one from the source of its data"
        )
    if _major(wanted) < _major(made_by):
        return (
            "An older PostgreSQL can't take a newer one's data; to go back to those from before an "
            f"upgrade: playbooks/restore.yml -e back=true -e service={service.name}"
        )
    return f"To move the data to {wanted}: playbooks/upgrade.yml -e service={service.name}"


def _major(storage_format: str) -> int:
    number = re.search(r"\d+", storage_format)
    return int(number[0]) if number else 0
