"""The sources of images, by name: what each may bring. How each is asked is `setup.Setup`'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SourceType:
    """What the others have to know of a source; how it is asked is `Setup`'s.

    `words`: where an image came from, as a person reads it. `official`: it may bring an official
    image that isn't here. `built`: what it has may be one that is built in the official one's
    place. A source of official ones alone is asked before a built one that is here is taken.
    """

    words: str
    official: bool
    built: bool

    @property
    def official_alone(self) -> bool:
        """Whether it never brings what is built here."""
        return self.official and not self.built


SOURCES: Mapping[str, SourceType] = {
    "present": SourceType("already here", official=False, built=True),
    "archive": SourceType("from an archive", official=True, built=True),
    "registry": SourceType("pulled", official=True, built=False),
    "build": SourceType("built here", official=False, built=True),
}


def source_words(name: str) -> str:
    """Where an image came from, as a person reads it; `""` where nobody knows."""
    return SOURCES[name].words if name in SOURCES else name
