"""An app's own `lines`, in which the parts of its services' addresses stand by name.

`{postgres.host}`, `{reader@postgres.password}`: what is before the dot is one of the app's
`services`, as it is written there; behind it is a part of that address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ..services import Service, secrets_of, service_type
from ..text import did_you_mean
from .container_parts import texts
from .logins import Login, logins
from .values import unwritable

# A brace by its name, or a word and a part
PLACE = re.compile(r"\{(?:(?P<brace>open|close)|(?P<word>[^{}.]+)\.(?P<part>[A-Za-z_][\w.-]*))\}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def part_names(service: Service) -> list[str]:
    """The parts that an address of this service has."""
    names = ["host", "port", "url"]
    names += [name for name in ("user", "database") if service.options.get(name)]
    if service_type(service).secret_suffix:
        names.append("password")
    ports = list(service.inner_ports) or [name.lower() for name in service.more_ports]
    names += [f"port.{name}" for name in ports]
    if service.inner_ports:
        names += [f"secret.{secret.role}" for secret in secrets_of(service)]
    return names


def own_lines(
    where: str,
    raw: object,
    wanted: Iterable[object],
    services: Iterable[Service],
    problems: list[str],
) -> tuple[dict[str, str], dict[str, Login]]:
    """The templates by their variables, and the logins by the words that stand for them in braces.

    `wanted` are the app's `services`. Mistakes become `problems`.
    """
    known = {each.name: each for each in services}
    words: dict[str, Login] = {}
    for item in wanted:
        words |= {str(item): login for login in logins("", [item], list(known.values()), [])}
    parts = {word: part_names(known[login.service]) for word, login in words.items()}
    lines = texts(where, raw, problems)
    for name, text in lines.items():
        if not _VARIABLE.fullmatch(name):
            problems.append(f"{where}: {name!r} is not a variable name (A-Z, 0-9, _).")
        if why := _problem(text, parts):
            problems.append(f"{where}.{name} {why}")
        elif why := unwritable(text) or unwritable(PLACE.sub("'", text)):
            problems.append(f"{where}.{name} can't be written: {why}.")
    return lines, words


def _problem(text: str, parts: Mapping[str, list[str]]) -> str:
    """Why a template can't be filled in, as the end of a sentence, or `""`."""
    for place in PLACE.finditer(text):
        word, part = place["word"], place["part"]
        if place["brace"]:
            continue
        if word not in parts:
            return f"has {{{word}.{part}}}: {word!r} is none of the app's services." + (
                did_you_mean(word, parts)
            )
        if part not in parts[word]:
            near = did_you_mean(part, parts[word]) or f" It has {', '.join(parts[word])}."
            return f"has {{{word}.{part}}}, and {word} has no {part!r}.{near}"
    if re.search(r"[{}]", PLACE.sub("", text)):
        return (
            "has a brace that encloses no part of an address, such as {postgres.host}; "
            "{open} and {close} stand for braces."
        )
    return ""
