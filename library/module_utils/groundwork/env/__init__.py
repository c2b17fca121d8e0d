"""What goes into which env file, for which client."""

from . import content, git, tunnel
from .content import Image
from .git import IGNORED
from .secrets import (
    Secrets,
    new_secret,
    placeholders,
    resolve_secrets,
    secret_variables,
    unlike_kept,
)

__all__ = [
    "IGNORED",
    "Image",
    "Secrets",
    "content",
    "git",
    "new_secret",
    "placeholders",
    "resolve_secrets",
    "secret_variables",
    "tunnel",
    "unlike_kept",
]
