"""A vault: its decrypted text with passwords put into it, and why it can't be decrypted."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from ..errors import GroundworkError
from .password_rules import VARIABLE

HEADER = "# The passwords of the services. `make vault` adds those that are missing.\n"


def with_passwords(
    text: str, names: Iterable[str], renew: Collection[str], make: Callable[[], str]
) -> tuple[str, list[str]]:
    """`text` with a password for each of `names`, and the names of those that were made.

    A password that is there stays, unless its name is in `renew`. Raises GroundworkError where
    the passwords don't stand in lines of their own.
    """
    lines = (text or HEADER).rstrip("\n").split("\n")
    start = next((i for i, line in enumerate(lines) if line.startswith(f"{VARIABLE}:")), None)
    if start is None:
        lines.append(f"{VARIABLE}:")
        start = len(lines) - 1
    value = lines[start].partition(":")[2].partition(" #")[0].strip()
    if value not in ("", "{}"):
        raise GroundworkError(
            f"{VARIABLE} is written in one line, which can't be added to.",
            where="the vault",
            next_step="Put each password into a line of its own below it (`ansible-vault edit`).",
        )
    lines[start] = f"{VARIABLE}:"
    end = start + 1
    while end < len(lines) and re.match(r"\s|#|$", lines[end]):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    made = []
    for name in names:
        entry = re.compile(
            rf"(?P<key>\s+(?P<quote>['\"]?){re.escape(name)}(?P=quote)\s*:)(?P<value>.*)"
        )
        there = next((i for i in range(start + 1, end) if entry.fullmatch(lines[i])), None)
        if there is None:
            indent = re.match(r"\s*", lines[start + 1])[0] if end > start + 1 else ""  # type: ignore[index]
            lines.insert(end, f"{indent or '  '}{name}: {make()}")
            end += 1
        elif name in renew or entry.fullmatch(lines[there])["value"].strip() in ("", "''", '""'):  # type: ignore[index]
            key = entry.fullmatch(lines[there])["key"]  # type: ignore[index]
            lines[there] = f"{key} {make()}"
        else:
            continue
        made.append(name)
    return "\n".join(lines) + "\n", made


_REFUSED = {
    "missing": (
        "A part of the inventory is encrypted, and no password was given for it.",
        "Type the same command with -J behind it: it asks for the password. Or name a file that "
        "holds it, once in your shell: export ANSIBLE_VAULT_PASSWORD_FILE=/path/of/that/file "
        "(docs/passwords.md).",
    ),
    "wrong": (
        "A part of the inventory is encrypted, with another password than the one that was given.",
        "Run again with the right one, which your team has: -J asks for it, and "
        "ANSIBLE_VAULT_PASSWORD_FILE names a file that holds it (docs/passwords.md).",
    ),
    "damaged": (
        "A part of the inventory is encrypted, and damaged.",
        "Get it back from git, which has its versions, then run again.",
    ),
}


def refused(why: str, file: str) -> GroundworkError:
    """What to say where a vault can't be decrypted; `why`: its password is `missing` or `wrong`, or
    the file is `damaged`."""
    what, next_step = _REFUSED[why]
    return GroundworkError(what, where=file, next_step=next_step)
