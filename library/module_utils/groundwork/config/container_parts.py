"""Lists, texts and switches of a container's entry, checked."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from ..text import did_you_mean

# Linux' own (capabilities(7)); those by which a process takes the whole machine aren't among them
CAPABILITIES = frozenset(
    (
        *(
            "AUDIT_WRITE",
            "CHOWN",
            "DAC_OVERRIDE",
            "DAC_READ_SEARCH",
            "FOWNER",
            "FSETID",
            "IPC_LOCK",
        ),
        *("IPC_OWNER", "KILL", "LEASE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW"),
        *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT", "SYS_NICE", "SYS_RESOURCE"),
    )
)
_LONGEST_STOP = 600  # seconds


def texts(where: str, value: Any, problems: list[str], lines: bool = False) -> dict[str, str]:
    """A dictionary of texts; a number or a truth value is written as YAML has it.

    `lines`: line breaks are meant.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        problems.append(f"{where} must be a dictionary.")
        return {}
    found: dict[str, str] = {}
    for name, each in value.items():
        if isinstance(each, (Mapping, list, tuple)):
            problems.append(f"{where}.{name} must be text.")
            continue
        text = str(each).lower() if isinstance(each, bool) else "" if each is None else str(each)
        if control(text if not lines else re.sub(r"[\n\t]", "", text)):
            problems.append(f"{where}.{name} has a line break or a control character.")
        if not re.fullmatch(r"[^\s=\x00-\x1f\x7f]+", str(name)):
            problems.append(f"{where}: {str(name)!r} is not a name.")
        found[str(name)] = text
    return found


def control(text: str) -> bool:
    """Whether a text has a line break, or a character that no YAML file and no log shows."""
    return not text.isprintable()


def words(where: str, value: Any, problems: list[str]) -> tuple[str, ...]:
    """The words of a command: a list, or a line that is split as a shell would."""
    if value is None:
        return ()
    if isinstance(value, str):
        try:
            value = shlex.split(value)
        except ValueError:
            problems.append(f"{where} has a quote that isn't closed.")
            return ()
    if not isinstance(value, (list, tuple)) or any(isinstance(w, (Mapping, list)) for w in value):
        problems.append(f"{where} must be a list of words, or one line.")
        return ()
    found = tuple(str(word).lower() if isinstance(word, bool) else str(word) for word in value)
    if any(control(re.sub(r"[\n\t]", "", word)) for word in found):
        problems.append(f"{where} has a control character.")
    return found


def flag(where: str, value: Any, problems: list[str]) -> bool:
    """A guard that is on unless it is lifted by name."""
    if value is not None and not isinstance(value, bool):
        problems.append(f"{where} must be true or false, without quotes.")
    return value is not False


def number(where: str, value: Any, default: int, problems: list[str]) -> int:
    """Whole seconds."""
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LONGEST_STOP:
        problems.append(f"{where} is {value!r}; it takes whole seconds from 1 to {_LONGEST_STOP}.")
        return default
    return value


def capabilities(where: str, value: Any, problems: list[str]) -> tuple[str, ...]:
    """Capabilities of Linux that the container gets back."""
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)):
        problems.append(f"{where} must be a list such as [CHOWN, SETUID].")
        return ()
    found = tuple(str(each).upper().removeprefix("CAP_") for each in value)
    problems += [
        f"{where}: {each!r} can't be given.{did_you_mean(each, CAPABILITIES)}"
        for each in found
        if each not in CAPABILITIES
    ]
    return found


def paths(where: str, value: Any, problems: list[str]) -> tuple[str, ...]:
    """Absolute paths in the container; behind a colon, what a tmpfs takes."""
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)):
        problems.append(f"{where} must be a list of paths.")
        return ()
    for each in value:
        path = str(each).partition(":")[0]
        if not str(each).startswith("/") or control(str(each)) or ".." in path.split("/"):
            problems.append(f"{where}: {str(each)!r} is not a path in the container, from / on.")
        elif path.rstrip("/") in ("", "/proc", "/sys", "/dev"):
            problems.append(f"{where}: {path} can't be replaced.")
    return tuple(map(str, value))
