"""What the checks of the inventory share: options that nobody knows, one error for all mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..errors import GroundworkError
from ..text import did_you_mean

UNUSABLE = "The inventory can't be used as it is"


def unknown_options(where: str, entry: Iterable[str], known: Sequence[str]) -> list[str]:
    """A line for each option of `where` that isn't one, with a near miss."""
    return [
        f"{where}.{key}: unknown option.{did_you_mean(str(key), known)}"
        for key in entry
        if key not in known
    ]


def refuse(variable: str, problems: list[str], what: str = UNUSABLE) -> None:
    """Raise GroundworkError where there are problems: a line for each, and nothing was changed."""
    if problems:
        raise GroundworkError(
            f"{what}; nothing was changed.",
            where=variable,
            details=problems,
            next_step="Correct the named variables where they are written "
            "(inventory/group_vars, or the workspace's groundwork.yml) and run again.",
        )
