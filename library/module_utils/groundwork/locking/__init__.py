"""One run at a time on a machine, and who it is."""

from . import heartbeat, identity, lease
from .heartbeat import Watch, guard
from .identity import claim, in_the_way, sentence
from .lease import process_parent, process_start, utc

__all__ = [
    "Watch",
    "claim",
    "guard",
    "heartbeat",
    "identity",
    "in_the_way",
    "lease",
    "process_parent",
    "process_start",
    "sentence",
    "utc",
]
