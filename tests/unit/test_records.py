"""Typed values as plain data and back, also where the other side says less, or something else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.groundwork.records import Record


@dataclass(frozen=True)
class Inner(Record):
    name: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Outer(Record):
    text: str = ""
    number: int = 0
    maybe: int | None = None
    yes: bool = False
    words: tuple[str, ...] = ()
    inner: Inner = field(default_factory=lambda: Inner(""))
    inners: tuple[Inner, ...] = ()
    by_name: Mapping[str, Inner] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    anything: Any = None
    place: Path = Path("here")


FULL = Outer(
    text="a",
    number=2,
    maybe=3,
    yes=True,
    words=("b", "c"),
    inner=Inner("d", 1.5),
    inners=(Inner("e"), Inner("f", 2.0)),
    by_name={"g": Inner("h")},
    lists={"i": ("j",)},
    anything={"k": [1]},
    place=Path("/there"),
)


@pytest.mark.parametrize("record", [FULL, Outer()])
def test_it_comes_back_as_it_went_through_json(record: Outer) -> None:
    assert Outer.from_dict(json.loads(json.dumps(record.to_dict()))) == record


@pytest.mark.parametrize("given", [None, {}, "text", [], {"unknown": 1}])
def test_what_isnt_said_is_nothing(given: Any) -> None:
    assert Outer.from_dict(given) == Outer()


def test_what_is_said_in_another_type_is_nothing() -> None:
    wrong = dict.fromkeys(("number", "words", "inner", "inners", "by_name", "lists"), "wrong")
    assert Outer.from_dict(wrong) == Outer()
    assert Outer.from_dict({"text": 5, "inners": [None, {"seconds": "no"}]}) == Outer(
        text="5", inners=(Inner(""), Inner(""))
    )
    assert Outer.from_dict({"number": True}).number == 0
