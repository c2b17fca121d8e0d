"""Brings the image of every service onto the host, from the first source that has it.

The sources are asked in the inventory's order, each for the images that are still missing:
`present` (already here), `archive` (a `docker save` tarball in a directory), `registry` (pull),
`build` (from `images/`, where no registry is in reach).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .. import image_names
from ..docker import Docker
from ..errors import GroundworkError
from ..records import Record
from ..services import SERVICE_TYPES
from . import archive, formats
from .here import Here
from .recipes import INPUTS_LABEL


@dataclass(frozen=True)
class WantedImage:
    """An image that services ask for.

    `built` is the name of the image that this project builds in its place, or `""`; `inputs` is
    the digest that it must carry, or `""` where any will do (where nothing is built). `kept`: it
    has to be that one, for what the data or the container are made by. `unfit`: why none can be
    built, where it is a service's own wish.
    """

    kind: str
    reference: str
    built: str = ""
    inputs: str = ""
    kept: bool = False
    unfit: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it may have, the official one first."""
        official = () if self.kept else (self.reference, image_names.by_tag(self.reference))
        return tuple(dict.fromkeys(name for name in (*official, self.built) if name))

    def accepts(self, name: str, image_labels: Mapping[str, str]) -> bool:
        """Whether an image of that name and labels will do: a built one must be current."""
        if name != self.built or name == self.reference or not self.inputs:
            return True
        return image_labels.get(INPUTS_LABEL) == self.inputs

    def without_built(self) -> WantedImage:
        """The same, where nothing may take its place."""
        return replace(self, built="", inputs="", kept=False)


def absent(names: Sequence[str]) -> str:
    """That none of one or two names is here, as a sentence."""
    return f"neither {' nor '.join(names)} is here" if len(names) > 1 else f"{names[0]} is not here"


@dataclass(frozen=True)
class SourceAnswer:
    """A source's answer for one image: the name under which it is here now, or why it isn't.

    `lines` are evidence (the end of a build's output), `next_step` is what a person can do about
    it. `resolved` is False where check mode can't tell; the source would be tried. `final`: a
    registry was reached and refused, so nothing may take the image's place without a word.
    """

    reference: str = ""
    why: str = ""
    lines: tuple[str, ...] = ()
    resolved: bool = True
    final: bool = False
    next_step: str = ""


@dataclass(frozen=True)
class Resolution:
    """Where an image came from. `used` and `source` are `""` where nothing worked."""

    used: str = ""
    source: str = ""
    tried: tuple[tuple[str, SourceAnswer], ...] = ()
    seconds: float = 0.0
    resolved: bool = True


Source = Callable[[Sequence[WantedImage]], Mapping[WantedImage, SourceAnswer]]


def resolve_all(
    wanted: Iterable[WantedImage],
    sources: Iterable[tuple[str, Source]],
    clock: Callable[[], float] = time.monotonic,
) -> dict[WantedImage, Resolution]:
    """Ask the sources in their order, each for all images that are still missing."""
    start = clock()
    open_ = dict.fromkeys(wanted, Resolution())
    done: dict[WantedImage, Resolution] = {}
    for name, source in sources:
        asked = {_still(item, outcome): item for item, outcome in open_.items()}
        if not asked:
            break
        for each, answer in source(list(asked)).items():
            item = asked[each]
            before = open_[item]
            if answer.reference:
                done[item] = Resolution(
                    used=answer.reference if answer.resolved else "",
                    source=name,
                    tried=before.tried,
                    seconds=round(clock() - start, 2),
                    resolved=answer.resolved,
                )
                del open_[item]
            else:
                open_[item] = Resolution(tried=(*before.tried, (name, answer)))
    return done | open_


def refused(outcome: Resolution) -> bool:
    """Whether a registry was reached and didn't give the image."""
    return any(answer.final for _, answer in outcome.tried)


def _still(item: WantedImage, outcome: Resolution) -> WantedImage:
    return item.without_built() if refused(outcome) else item


def failure(outcomes: Mapping[WantedImage, Resolution]) -> GroundworkError | None:
    """One error for all images that no source has, or None."""
    details: list[str] = []
    steps: list[str] = []
    for item, outcome in outcomes.items():
        if outcome.source:
            continue
        details.append(f"{item.built if item.kept else item.reference}:")
        for source, answer in outcome.tried:
            details.append(f"  {source}: {answer.why}")
            details += [f"    | {line}" for line in answer.lines]
            steps += [answer.next_step] if answer.next_step else []
        if not outcome.tried:
            details.append("  no source was tried: images_sources is empty")
    if not details:
        return None
    steps = list(dict.fromkeys(steps)) or [
        "Fix one of the sources above (bring the network or the registry in reach, or "
        "put a `docker save` tarball into images_archive_dir), and run again."
    ]
    return GroundworkError(
        "Not every image of the stack can be had.",
        where="images_sources",
        details=details,
        next_step=f"{' '.join(steps)} What is here already stays.",
    )


def ids(here: Here, services: Mapping[str, WantedImage]) -> dict[str, str]:
    """The ids of the images that are here, by each name that a service may have."""
    found = here.inspect(name for item in services.values() for name in item.names)
    return {name: str(image["Id"]) for name, image in found.items()}


@dataclass(frozen=True)
class Tried(Record):
    """A source that didn't have an image, and why."""

    source: str
    why: str


@dataclass(frozen=True)
class ImageResult(Record):
    """What came of one service's image. `used` and `source` are `""` where nobody had it.

    `archive` is the file name that it has as one; `resolved` is False where a check can't tell
    which source will have it; `tried` are the sources before.
    """

    wanted: str = ""
    used: str = ""
    storage_format: str = ""
    id: str = ""
    archive: str = ""
    source: str = ""
    changed: bool = True
    resolved: bool = True
    tried: tuple[Tried, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class ImagesResult(Record):
    """The module's result, by service; `lacking` are packages without which none can be built."""

    images: Mapping[str, ImageResult] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()


def report(
    docker: Docker,
    here: Here,
    services: Mapping[str, WantedImage],
    outcomes: Mapping[WantedImage, Resolution],
    before: Mapping[str, str],
) -> dict[str, ImageResult]:
    """By service; `before` are the images' ids by name before the sources were asked."""
    inspected = here.inspect(outcome.used for outcome in outcomes.values() if outcome.used)
    kinds = {outcomes[item].used: SERVICE_TYPES[item.kind] for item in services.values()}
    storage_formats = formats.find(docker, inspected, kinds)
    found: dict[str, ImageResult] = {}
    for service, item in services.items():
        outcome = outcomes[item]
        image = inspected.get(outcome.used)
        new = not image or before.get(outcome.used) != image["Id"]
        found[service] = ImageResult(
            wanted=item.reference,
            used=outcome.used,
            storage_format=storage_formats.get(outcome.used, ""),
            id=image["Id"] if image else "",
            archive=archive.file_name(outcome.used) if outcome.used else "",
            source=outcome.source,
            changed=bool(outcome.source and new),
            resolved=outcome.resolved,
            tried=tuple(Tried(name, answer.why) for name, answer in outcome.tried),
            seconds=outcome.seconds,
        )
    return found
