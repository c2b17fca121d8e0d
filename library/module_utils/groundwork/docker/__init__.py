"""The docker command, the engine, and one Compose project."""

from . import compose, daemon_config, engine, jobs, ownership, ports, volumes
from .cli import CommandResult, Docker
from .compose import ComposeResult
from .containers import Container, Project, trouble
from .daemon_config import data_root, merge_daemon_config
from .engine import Engine, environment, labels
from .ownership import (
    DIRECTORY_LABEL,
    USER_LABEL,
    StackOwner,
    marker_of,
    refusal,
    started_elsewhere,
    state_dir,
)

__all__ = [
    "DIRECTORY_LABEL",
    "USER_LABEL",
    "CommandResult",
    "ComposeResult",
    "Container",
    "Docker",
    "Engine",
    "Project",
    "StackOwner",
    "compose",
    "daemon_config",
    "data_root",
    "engine",
    "environment",
    "jobs",
    "labels",
    "marker_of",
    "merge_daemon_config",
    "ownership",
    "ports",
    "refusal",
    "started_elsewhere",
    "state_dir",
    "trouble",
    "volumes",
]
