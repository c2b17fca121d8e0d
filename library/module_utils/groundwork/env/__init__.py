"""What goes into which env file, for which client."""

from . import content, git, tunnel
from .content import Image
from .git import IGNORED
from .secrets import (
    Secrets,
    as_made,
    known_values,
    named_secrets,
    new_secret,
    placeholders,
    renewed,
    resolve_secrets,
    unlike_kept,
)

__all__ = [
    "IGNORED",
    "Image",
    "Secrets",
    "as_made",
    "content",
    "git",
    "known_values",
    "named_secrets",
    "new_secret",
    "placeholders",
    "renewed",
    "resolve_secrets",
    "tunnel",
    "unlike_kept",
]
