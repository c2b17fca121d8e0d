"""One run at a time on a machine, who it is, and the log of those that changed something."""

from . import audit_log, heartbeat, identity, lease
from .heartbeat import TAKEN_OVER, RunWatch, keep
from .identity import claim, in_the_way, sentence
from .lease import process_parent, process_start, utc
from .results import LeaseAnswer, LockHolder, LockResult, LoggedRun, RunsResult

__all__ = [
    "TAKEN_OVER",
    "LeaseAnswer",
    "LockHolder",
    "LockResult",
    "LoggedRun",
    "RunWatch",
    "RunsResult",
    "audit_log",
    "claim",
    "heartbeat",
    "identity",
    "in_the_way",
    "keep",
    "lease",
    "process_parent",
    "process_start",
    "sentence",
    "utc",
]
