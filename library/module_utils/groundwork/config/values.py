"""Single values of the inventory, checked."""

from __future__ import annotations

from typing import Any


def port_number(where: str, value: Any, problems: list[str]) -> int:
    """A port; one that is missing or none becomes one of `problems`."""
    if value is None:
        problems.append(f"{where} is missing.")
        return 0
    try:
        port = int(value) if not isinstance(value, (bool, float)) else -1
    except (TypeError, ValueError):
        port = -1
    if not 1 <= port <= 65535:
        problems.append(f"{where} is {value!r}; a port is a whole number from 1 to 65535.")
    return port


def unwritable(secret: str) -> str:
    """Why the readers of .env files would not all read `secret` alike, or `""`.

    Compose keeps a backslash as it is, python-dotenv takes it as an escape before a quote or
    another backslash: so these few are refused, not guessed.
    """
    if any(ord(char) < 32 or ord(char) == 127 for char in secret):
        return "it has a line break or a control character"
    if "\\\\" in secret or "\\'" in secret or secret.endswith("\\"):
        return (
            "a backslash at its end, before a single quote or before another backslash "
            "is read differently by different .env readers"
        )
    if "${" in secret:
        return "it has ${, which some .env readers take for the start of a variable"
    return ""
