"""What goes into which env file, for which client."""

from . import content, git, tunnel
from .content import Image
from .git import IGNORED
from .secrets import (
    Secrets,
    named_secrets,
    new_secret,
    placeholders,
    resolve_secrets,
    unlike_kept,
)

__all__ = [
    "IGNORED",
    "Image",
    "Secrets",
    "content",
    "git",
    "named_secrets",
    "new_secret",
    "placeholders",
    "resolve_secrets",
    "tunnel",
    "unlike_kept",
]
