"""What of a collection a copy keeps, and how answers are read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.groundwork.data.qdrant_collections import (
    Collection,
    at,
    lacking,
    parse,
    read,
    words,
)

CAR = Collection("car", "0001.snapshot", (10,), {"size": 4}, {"city": "keyword"})


def found(**change: Any) -> Collection:
    return Collection(**({"name": "car", "points": (10,), "vectors": {"size": 4}} | change))


def test_a_collection_goes_through_json() -> None:
    assert Collection.from_dict(json.loads(json.dumps(CAR.to_dict()))) == CAR


@pytest.mark.parametrize(
    ("wanted", "points", "fine"),
    [
        ((10,), 10, True),
        ((10,), 9, False),
        ((10, 11), 9, True),  # somebody deletes and inserts all the time
        ((10,), 0, False),
        ((10, 14), 12, True),
        ((0,), 0, True),
        ((0, 3), 0, True),
        ((3, 500), 0, False),
        ((100, 104), 0, False),
        ((5000,), 4999, False),
        ((5000, 5001), 4600, True),
        ((5000, 5001), 4400, False),
        ((5000, 5001), 5502, False),
        ((5000, 7000), 8900, True),  # deletions came after it
        ((5000, 7000), 2900, False),
    ],
)
def test_points_are_as_many_as_there_were(wanted: tuple[int, ...], points: int, fine: bool) -> None:
    lines = list(lacking(Collection("car", points=wanted), Collection("car", points=(points,))))
    assert (lines == []) is fine
    if not fine:
        assert f"has {points} points, and had {wanted[0]}" in lines[0]


def test_indexes_and_vectors_are_compared() -> None:
    assert list(lacking(CAR, found(indexes={"city": "keyword", "new": "integer"}))) == []
    assert list(lacking(CAR, found())) == ["The payload index city (keyword) is missing in car."]
    (line,) = lacking(CAR, found(indexes=CAR.indexes, vectors={"size": 5}))
    assert "The vectors of car are" in line


def test_a_description_is_read() -> None:
    described = {
        "points_count": 3,  # an estimate
        "config": {"params": {"vectors": {"size": 4}, "shard_number": 1}},
        "payload_schema": {"city": {"data_type": "keyword", "points": 9}},
    }
    read_as = Collection("car", "", (10,), {"size": 4}, {"city": "keyword"})
    assert read("car", described, 10) == read_as


def test_paths_are_quoted() -> None:
    assert at("Grüße & ä/b 100%") == "/collections/Gr%C3%BC%C3%9Fe%20%26%20%C3%A4%2Fb%20100%25"


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ('HTTP/1.0 200 OK\nserver: x\n\n{"result": 1}', (200, {"result": 1})),
        ('HTTP/1.1 404 Not Found\r\n\r\n{"a":\r\n 1}', (404, {"a": 1})),
        ("HTTP/1.0 200 OK\n\nall shards are ready", (200, "all shards are ready")),
        ("", (0, "")),
        ("bash: connect: Connection refused", (0, "")),
    ],
)
def test_answers_are_read(said: str, answer: tuple[int, Any]) -> None:
    assert parse(said) == answer


def test_an_error_has_its_words() -> None:
    assert words({"status": {"error": "Wrong input"}}) == "Wrong input"
    assert words({"status": "bad"}) == "bad"
    assert words("Invalid api-key") == "Invalid api-key"
