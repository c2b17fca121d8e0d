"""Filters find what Qdrant's documentation says they find."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

POINTS: dict[int, dict[str, Any]] = {
    1: {"n": 1, "tags": ["red", "big"], "day": "2026-01-01T00:00:00Z", "text": "a quick fox"},
    2: {"n": 2.5, "tags": ["blue"], "day": "2026-06-01T00:00:00Z", "gone": None},
    3: {"n": 3, "ok": True, "tags": [], "place": {"lon": 7.1, "lat": 50.7}},
    4: {"parts": [{"kind": "a", "count": 1}, {"kind": "b", "count": 9}]},
}


def key(name: str, **rest: Any) -> dict[str, Any]:
    return {"key": name, **rest}


@pytest.fixture(scope="module")
def filtered(gateway: Any) -> Iterator[Any]:
    path = "/collections/filters"
    vectors = {"vectors": {"size": 1, "distance": "Dot"}}
    assert gateway.call("PUT", path, vectors).status_code == 200
    points = [{"id": id_, "vector": [1], "payload": load} for id_, load in POINTS.items()]
    assert gateway.call("PUT", f"{path}/points", {"points": points}).status_code == 200
    yield gateway
    gateway.call("DELETE", path)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [1, 2, 3, 4]),
        ({"must": [key("n", match={"value": 1})]}, [1]),
        ({"must": key("ok", match={"value": True})}, [3]),
        ({"must": [key("tags", match={"value": "red"})]}, [1]),
        ({"must": [key("tags", match={"any": ["red", "blue"]})]}, [1, 2]),
        ({"must": [key("tags", match={"except": ["red", "big"]})]}, [2]),
        ({"must": [key("text", match={"text": "quick"})]}, [1]),
        ({"must": [key("n", range={"gt": 1, "lte": 3})]}, [2, 3]),
        ({"must": [key("day", range={"gte": "2026-03-01T00:00:00Z"})]}, [2]),
        ({"must": [key("tags", values_count={"gte": 2})]}, [1]),
        ({"must": [{"is_empty": {"key": "tags"}}]}, [3, 4]),
        ({"must": [{"is_null": {"key": "gone"}}]}, [2]),
        ({"must": [{"has_id": [2, 4, 99]}]}, [2, 4]),
        ({"must_not": [{"has_id": [2, 4]}]}, [1, 3]),
        ({"should": [key("n", match={"value": 1}), key("n", match={"value": 3})]}, [1, 3]),
        ({"must": [{"should": [{"has_id": [1]}, {"has_id": [2]}]}], "must_not": [{"has_id": [1]}]},
         [2]),
        ({"min_should": {"conditions": [{"has_id": [1, 2]}, {"has_id": [2, 3]}], "min_count": 2}},
         [2]),
        ({"must": [{"nested": {"key": "parts", "filter": {"must": [
            key("kind", match={"value": "a"}), key("count", range={"gt": 5})]}}}]}, []),
        ({"must": [key("parts[].kind", match={"value": "b"})]}, [4]),
        ({"must": [key("place", geo_radius={"center": {"lon": 7.1, "lat": 50.7}, "radius": 10})]},
         [3]),
        ({"must": [key("place", geo_bounding_box={
            "top_left": {"lon": 7, "lat": 51}, "bottom_right": {"lon": 8, "lat": 50}})]}, [3]),
    ],
)  # fmt: skip
def test_filter(filtered: Any, given: dict[str, Any], expected: list[int]) -> None:
    answer = filtered.call("POST", "/collections/filters/points/scroll", {"filter": given})
    assert [point["id"] for point in answer.json()["result"]["points"]] == expected


@pytest.mark.parametrize(
    "given",
    [
        {"most": []},
        {"must": [{"key": "n"}]},
        {"must": [{"key": "n", "match": {"like": "x"}}]},
        {"must": [{"key": "n", "matches": {"value": 1}}]},
        {"must": [{"unknown": 1}]},
        {"must": ["n"]},
        {"must": [{"has_id": ["not an id"]}]},
        {"must": [{"key": "day", "range": {"gt": "yesterday"}}]},
        {"must": [{"key": "n", "match": "1"}]},
        {"must": [{"nested": {"key": "parts"}}]},
        {"must": [{"is_empty": "tags"}]},
    ],
)
def test_a_filter_that_is_not_understood_is_refused(filtered: Any, given: dict[str, Any]) -> None:
    """Ignoring it would let a delete by filter take more than was meant."""
    for action in ("scroll", "delete"):
        answer = filtered.call("POST", f"/collections/filters/points/{action}", {"filter": given})
        assert answer.status_code == 400, answer.text
    count = filtered.call("POST", "/collections/filters/points/count", {})
    assert count.json()["result"] == {"count": 4}
