"""What goes into which env file, for which client."""

from . import content, git, tunnel
from .content import App, Image, Secrets, new_secret, parse_apps, secret_variables
from .git import IGNORED

__all__ = [
    "IGNORED",
    "App",
    "Image",
    "Secrets",
    "content",
    "git",
    "new_secret",
    "parse_apps",
    "secret_variables",
    "tunnel",
]
