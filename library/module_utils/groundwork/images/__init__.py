"""The image of each service: which it is, and where it comes from."""

from . import (
    ahead,
    archive,
    build,
    choice,
    fetch,
    load,
    receive,
    recipes,
    registry,
    resolve,
    save,
    send,
)
from .build import Builder
from .choice import Here, ImageChoice, Known
from .clash import format_clash, ports_that_it_lacks
from .fetch import BuildError, complete_wheels, download_wheels
from .recipes import INPUTS_LABEL, digest, read_recipes
from .resolve import SOURCES, ImageResult, ImagesResult, Wanted, source_words
from .send import MB
from .sources import ARGUMENTS, Setup, checked_prefix

__all__ = [
    "ARGUMENTS",
    "INPUTS_LABEL",
    "MB",
    "SOURCES",
    "BuildError",
    "Builder",
    "Here",
    "ImageChoice",
    "ImageResult",
    "ImagesResult",
    "Known",
    "Setup",
    "Wanted",
    "ahead",
    "archive",
    "build",
    "checked_prefix",
    "choice",
    "complete_wheels",
    "digest",
    "download_wheels",
    "fetch",
    "format_clash",
    "load",
    "ports_that_it_lacks",
    "read_recipes",
    "receive",
    "recipes",
    "registry",
    "resolve",
    "save",
    "send",
    "source_words",
]
