"""What fills a database after its migrations: a command of the app's, or a file of SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def parse_seed(where: str, given: Any, problems: list[str]) -> tuple[tuple[str, ...], str]:
    """The command and the file of a seed, of which one is empty; both where there is none."""
    if not given:
        return (), ""
    if isinstance(given, str):
        if given.endswith(".sql"):
            return (), given
        words = ", ".join(given.split())
        problems.append(f"{where}: a command is a list, [{words}]; a file of SQL ends with .sql.")
    elif isinstance(given, (list, tuple)) and all(isinstance(x, str) and x for x in given):
        return tuple(given), ""
    else:
        kind = "a dictionary" if isinstance(given, Mapping) else repr(given)
        problems.append(
            f"{where} is {kind}; it must be a command as a list, or the path of an .sql file."
        )
    return (), ""
