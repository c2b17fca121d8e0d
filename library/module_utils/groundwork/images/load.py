"""Loads an image from its archive, and sees that the engine has that very image then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..docker import Docker
from .archive import ArchiveError, Held

_TIMEOUT = 900.0  # seconds


def load(docker: Docker, held: Held, reference: str) -> None:
    """Load an image that an archive holds under that name. Raises ArchiveError."""
    result = docker.run("load", "--input", str(held.path), timeout=_TIMEOUT)
    if not result.ok:
        raise ArchiveError(f"the engine doesn't take {held.path}: {result.error}")
    image = docker.inspect("image", [reference]).get(reference)
    if not image or not same(held, image):
        raise ArchiveError(f"after {held.path} was loaded, {reference} is not the image in it")


def same(held: Held, image: Mapping[str, Any]) -> bool:
    """Whether an image, as the engine describes it, is the one in the archive.

    Where the engine has an id of its own for it (an archive of another engine), the layers tell.
    """
    layers = (image.get("RootFS") or {}).get("Layers") or ()
    return bool(image["Id"] in held.ids or (layers and held.layers == (*layers,)))
