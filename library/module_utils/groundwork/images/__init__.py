"""The image of each service: which it is, and where it comes from."""

from . import (
    archive,
    build,
    choice,
    fetch,
    load,
    prepare,
    receive,
    recipes,
    registry,
    resolve,
    save,
    send,
)
from .build import Builder
from .choice import ImageChoice, Known, Present
from .compatibility import format_conflict, missing_extensions, missing_ports, skipped_version
from .fetch import BuildError, complete_wheels, download_wheels
from .recipes import INPUTS_LABEL, digest, read_recipes
from .resolve import ImageResult, ImagesResult, WantedImage
from .send import MB
from .setup import ARGUMENTS, Setup, checked_prefix
from .sources import SOURCES, source_words

__all__ = [
    "ARGUMENTS",
    "INPUTS_LABEL",
    "MB",
    "SOURCES",
    "BuildError",
    "Builder",
    "ImageChoice",
    "ImageResult",
    "ImagesResult",
    "Known",
    "Present",
    "Setup",
    "WantedImage",
    "archive",
    "build",
    "checked_prefix",
    "choice",
    "complete_wheels",
    "digest",
    "download_wheels",
    "fetch",
    "format_conflict",
    "load",
    "missing_extensions",
    "missing_ports",
    "prepare",
    "read_recipes",
    "receive",
    "recipes",
    "registry",
    "resolve",
    "save",
    "send",
    "skipped_version",
    "source_words",
]
