"""Which of the images that are here runs a service, and whether a better one is to be asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .. import image_names
from ..docker import Docker, labels
from ..records import Record
from ..services import SERVICE_TYPES
from . import formats
from .resolve import WantedImage, absent
from .sources import SOURCES


@dataclass(frozen=True)
class Known:
    """What is known of a service, besides the images that are here.

    `made_by` is what made its volume, or None where there is none; `container` the id of the image
    that its container is made from, and `last` the image's name in infra/.env, both empty where
    there is none.
    """

    made_by: str | None
    container: str
    last: str


@dataclass(frozen=True)
class ImageChoice(Record):
    """The image for a service, of those that are here (`reference`, empty where none will do).

    `wanted` is what the inventory asks for, `built` the one that is built here in its place.
    `due`: why the sources are to be asked. `kept`: it has to stay the built one, and `why` says
    what keeps it from being what is wanted.
    """

    reference: str = ""
    id: str = ""
    storage_format: str = ""
    wanted: str = ""
    built: str = ""
    due: str = ""
    kept: bool = False
    why: str = ""


@dataclass(frozen=True)
class Present:
    """The images that are here, as they were inspected, and their storage formats; both by name."""

    images: Mapping[str, Mapping[str, Any]]
    storage_formats: Mapping[str, str]

    @classmethod
    def of(
        cls,
        docker: Docker,
        wanted: Mapping[str, WantedImage],
        inspected: Mapping[str, Mapping[str, Any]],
    ) -> Present:
        """With the storage formats; an image whose labels don't tell is asked, once."""
        kinds = {name: SERVICE_TYPES[item.kind] for item in wanted.values() for name in item.names}
        return cls(inspected, formats.find(docker, inspected, kinds))


def choose(
    wanted: WantedImage, present: Present, known: Known, sources: Sequence[str], renew: bool = False
) -> ImageChoice:
    """The image for a service: the first of its names that is here and that its data can be given
    to.

    A built one that is merely here takes the official one's place only where that was asked for:
    its absence is a reason (`due`) to ask the sources, unless data or a container keep (`kept`) the
    built one.
    """
    options = _options(wanted, present, known)
    fitting = [option for option in options if option.storage_format == (known.made_by or "")]
    bound = _bound(wanted, present, known) and all(o.reference == wanted.built for o in fitting)
    if bound or not any(SOURCES[name].built for name in sources):
        options = [o for o in options if (o.reference == wanted.built) == bound]
    none = ImageChoice()
    chosen = next((option for option in fitting if option in options), (options or [none])[0])
    built = chosen.reference == wanted.built != ""
    kept = bound or (built and chosen.id == known.container)
    official_present = any(name in present.images for name in wanted.names if name != wanted.built)
    due = ""
    if not chosen.reference:
        due = _missing(wanted, present, bound)
    elif renew and not image_names.pinned(wanted.reference):
        due, kept = f"the registry may have a newer {wanted.reference}", False
    elif built and not (kept or official_present) and _may_have(sources):
        due = f"{wanted.reference} is not here; {wanted.built}, which can stand in for it, is"
    return replace(
        chosen,
        wanted=wanted.reference,
        built=wanted.built,
        due=due,
        kept=kept,
        why=_why(known.made_by or "", kept, bound or official_present) if built else "",
    )


def _why(made_by: str, kept: bool, by_data: bool) -> str:
    """What keeps a built image in the official one's place; `""` where nobody has that one."""
    if made_by and by_data:
        return f"its data are {made_by}"
    return "its container is made from it" if kept else ""


def _options(wanted: WantedImage, present: Present, known: Known) -> list[ImageChoice]:
    """The images that are here and would do. One that has served this volume already fits, whatever
    its label says, which may be from a time when an image's name was all that told."""
    found = []
    for name in wanted.names:
        image = present.images.get(name)
        if image is not None and wanted.accepts(name, labels(image)):
            pinned = image_names.pinned(wanted.reference) and name != wanted.built
            same = image["Id"] == known.container or (pinned and name == known.last)
            storage_format = (
                known.made_by if known.made_by and same else present.storage_formats[name]
            )
            found.append(ImageChoice(name, str(image["Id"]), storage_format))
    return found


def _bound(wanted: WantedImage, present: Present, known: Known) -> bool:
    """Whether the data were made by what is built, in a form that others may not read."""
    if not wanted.built or known.made_by is None or SERVICE_TYPES[wanted.kind].one_storage_format:
        return False
    if known.last:
        return _repository(known.last) == _repository(wanted.built)
    return wanted.built in present.images and present.storage_formats[wanted.built] == known.made_by


def _missing(wanted: WantedImage, present: Present, bound: bool) -> str:
    if wanted.built not in present.images:
        return absent([wanted.built] if bound else wanted.names)
    older = f"{wanted.built} was made from an older recipe"
    return older if bound else f"{wanted.reference} is not here, and {older}"


def _repository(reference: str) -> str:
    name = image_names.parse(reference)
    return name.repository if name else ""


def _may_have(sources: Sequence[str]) -> bool:
    """Whether some source may have the official image before a new one would be built."""
    before = sources[: sources.index("build")] if "build" in sources else sources
    return any(SOURCES[name].official for name in before)
