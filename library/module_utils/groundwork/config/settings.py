"""A server's own parameters in an entry (`settings`), checked as far as the server isn't needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..services import ServiceType


def settings_field(
    where: str, kind: ServiceType, entry: Mapping[str, Any], problems: list[str]
) -> dict[str, Any]:
    """The settings as a Service takes them: by name, with values as the server reads them."""
    rules, raw, where = kind.settings, entry.get("settings"), f"{where}.settings"
    if rules is None or raw is None:
        return {}
    if not isinstance(raw, Mapping):
        problems.append(f"{where} must be a dictionary, such as {rules.example}.")
        return {}
    found: dict[str, Any] = {}
    before = len(problems)
    for name, value in _flat(raw, "") if rules.nested else raw.items():
        key = str(name).lower()
        if not isinstance(name, str) or not rules.name.fullmatch(name):
            problems.append(f"{where}: {name!r} is no name of a setting, as in {rules.example}.")
        elif why := rules.owned(key):
            problems.append(f"{where}.{name} is not for you to set: {why}.")
        elif key in found:
            problems.append(f"{where}.{name} is there twice.")
        else:
            try:
                found[key] = rules.value(value)
            except ValueError as error:
                problems.append(f"{where}.{name} {error}.")
    if len(problems) == before:
        problems += [f"{where}.{each}" for each in rules.problems(found, entry)]
    return found


def _flat(raw: Mapping[Any, Any], before: str) -> Iterator[tuple[Any, Any]]:
    """Names within names, joined with dots."""
    for name, value in raw.items():
        full = f"{before}{name}" if isinstance(name, str) else name
        if isinstance(value, Mapping):
            yield from _flat(value, f"{full}.")
        else:
            yield full, value
