"""Filters: Qdrant's JSON into the engine's objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import qdrant_edge as edge

from .errors import ApiError

Json = dict[str, Any]
_CLAUSES = ("must", "should", "must_not", "min_should")
_RANGE = ("gt", "gte", "lt", "lte")


def to_filter(data: Json | None) -> edge.Filter | None:
    """Translate a filter; None stays None. What isn't understood is a 400, never ignored."""
    if data is None:
        return None
    try:
        return _filter(data)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _format(f"the filter isn't understood: {reason}") from error


def _filter(data: Json) -> edge.Filter:
    unknown = set(data) - set(_CLAUSES)
    if unknown:
        raise _format(f"unknown field `{sorted(unknown)[0]}` in a filter")
    min_should = data.get("min_should")
    return edge.Filter(
        must=_conditions(data.get("must")),
        should=_conditions(data.get("should")),
        must_not=_conditions(data.get("must_not")),
        min_should=None if min_should is None else _min_should(min_should),
    )


def _min_should(data: Any) -> edge.MinShould:
    return edge.MinShould(_conditions(data["conditions"]) or [], data["min_count"])


def _conditions(data: Any) -> list[Any] | None:
    if data is None:
        return None
    return [_condition(item) for item in (data if isinstance(data, list) else [data])]


def _condition(data: Any) -> Any:
    if not isinstance(data, dict):
        raise _format("a condition must be an object")
    data = {key: value for key, value in data.items() if value is not None}
    if "key" in data:
        return _field(data)
    for name, build in _KINDS.items():
        if name in data:
            return build(data[name])
    if data and set(data) <= set(_CLAUSES):
        return _filter(data)
    raise _format("data did not match any variant of untagged enum Condition")


def _has_id(ids: Any) -> edge.HasIdCondition:
    if not isinstance(ids, list):
        raise _format("`has_id` needs a list of ids")
    return edge.HasIdCondition({UUID(i) if isinstance(i, str) else i for i in ids})


def _nested(data: Any) -> edge.NestedCondition:
    return edge.NestedCondition(data["key"], _filter(data["filter"]))


_KINDS: dict[str, Callable[[Any], Any]] = {
    "is_empty": lambda data: edge.IsEmptyCondition(data["key"]),
    "is_null": lambda data: edge.IsNullCondition(data["key"]),
    "has_id": _has_id,
    "has_vector": lambda data: edge.HasVectorCondition(data),
    "nested": _nested,
}


def _field(data: Json) -> edge.FieldCondition:
    known = {"key", *_FIELD_PARTS}
    unknown = set(data) - known
    if unknown or len(data) < 2:
        raise _format(
            f"unknown field `{sorted(unknown)[0]}` in a condition"
            if unknown
            else f"the condition on `{data['key']}` says nothing to check"
        )
    parts = {name: _FIELD_PARTS[name](value) for name, value in data.items() if name != "key"}
    return edge.FieldCondition(data["key"], **parts)


def _numpy_bool(value: bool) -> Any:
    """Dress a bool up as numpy's.

    The engine's binding looks for an integer before a bool, and Python's True is an integer: it
    would look for points with 1. numpy's bool is none, and the binding knows it by this name.
    """
    kind = type("bool_", (), {"__module__": "numpy", "__bool__": lambda _self: value})
    return kind()


def _match_value(value: Any) -> edge.MatchValue:
    return edge.MatchValue(_numpy_bool(value) if isinstance(value, bool) else value)


def _match(data: Json) -> Any:
    for name, build in _MATCHES.items():
        if name in data:
            return build(data[name])
    raise _format("data did not match any variant of untagged enum Match")


_MATCHES: dict[str, Callable[[Any], Any]] = {
    "value": _match_value,
    "text": edge.MatchText,
    "text_any": edge.MatchTextAny,
    "phrase": edge.MatchPhrase,
    "any": edge.MatchAny,
    "except": edge.MatchExcept,
}


def _range(data: Json) -> Any:
    limits = {name: data[name] for name in _RANGE if data.get(name) is not None}
    if any(isinstance(limit, str) for limit in limits.values()):
        return edge.RangeDateTime(**limits)
    return edge.RangeFloat(**{name: float(limit) for name, limit in limits.items()})


def _geo_point(data: Json) -> edge.GeoPoint:
    return edge.GeoPoint(lon=data["lon"], lat=data["lat"])


def _ring(data: Json) -> list[edge.GeoPoint]:
    return [_geo_point(point) for point in data["points"]]


_FIELD_PARTS: dict[str, Callable[[Any], Any]] = {
    "match": _match,
    "range": _range,
    "geo_bounding_box": lambda data: edge.GeoBoundingBox(
        _geo_point(data["top_left"]), _geo_point(data["bottom_right"])
    ),
    "geo_radius": lambda data: edge.GeoRadius(_geo_point(data["center"]), data["radius"]),
    "geo_polygon": lambda data: edge.GeoPolygon(
        _ring(data["exterior"]), [_ring(ring) for ring in data.get("interiors") or []]
    ),
    "values_count": lambda data: edge.ValuesCount(
        **{name: data[name] for name in _RANGE if data.get(name) is not None}
    ),
    "is_empty": bool,
    "is_null": bool,
}


def _format(message: str) -> ApiError:
    return ApiError(400, f"Format error in JSON body: {message}")
