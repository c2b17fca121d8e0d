"""Typed values that cross a border as plain data: a module's result, what another machine answers.

A class of these is a dataclass; `to_dict` gives what JSON can hold, `from_dict` takes it back. The
other side may be an older release, or have failed half-way: what it doesn't say is the field's
default, else the type's own nothing (`""`, 0, False, an empty tuple), which also stands for what it
says in another type; what nobody asked for is left out.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

_Record = TypeVar("_Record", bound="Record")
_UNIONS = (typing.Union, types.UnionType)


@dataclass(frozen=True)
class Record:
    """The base of such a dataclass."""

    def to_dict(self) -> dict[str, Any]:
        """As plain data, records inside as well."""
        return {name: _plain(getattr(self, name)) for name in _hints(type(self))}

    @classmethod
    def from_dict(cls: type[_Record], given: Any) -> _Record:
        """From plain data, whatever of it is there."""
        found = given if isinstance(given, Mapping) else {}
        hints = _hints(cls)
        missing = {each.name for each in fields(cls) if each.name not in found and _optional(each)}
        return cls(
            **{name: _typed(found.get(name), hints[name]) for name in hints if name not in missing}
        )


def _optional(each: Field[Any]) -> bool:
    return each.default is not MISSING or each.default_factory is not MISSING


def _read_hints(cls: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


_hints: Callable[[Any], dict[str, Any]] = cache(_read_hints)


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def _typed(value: Any, hint: Any) -> Any:
    kind, inner = typing.get_origin(hint), typing.get_args(hint)
    if kind in _UNIONS:
        wanted = next(each for each in inner if each is not type(None))
        return None if value is None else _typed(value, wanted)
    if kind is tuple:
        return tuple(_typed(each, inner[0]) for each in _listed(value))
    if kind is not None and issubclass(kind, Mapping):
        pairs = value.items() if isinstance(value, Mapping) else ()
        return {str(name): _typed(each, inner[1]) for name, each in pairs}
    if isinstance(hint, type) and issubclass(hint, Record):
        return hint.from_dict(value)
    return value if hint is Any else _simple(value, hint)


def _listed(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else ()


def _simple(value: Any, hint: Any) -> Any:
    if hint in (str, Path):
        text = "" if value is None else str(value)
        return hint(text)
    if hint is bool:
        return bool(value)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return hint(value) if number else hint()
