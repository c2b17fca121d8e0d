"""Vectors, points and hits: between request models, the engine's objects and JSON."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import qdrant_edge as edge

from . import models
from .errors import bad_request

EngineId = int | UUID | str


def vector(value: models.Vector) -> Any:
    """One vector for the engine."""
    if isinstance(value, models.Sparse):
        if len(value.indices) != len(value.values):
            raise bad_request("sparse vector: `indices` and `values` differ in length")
        return edge.SparseVector(value.indices, value.values)
    return value


def vector_struct(value: models.VectorStruct) -> Any:
    """A point's vector or vectors for the engine."""
    if isinstance(value, dict):
        return {name: vector(one) for name, one in value.items()}
    return value


def points(body: models.Upsert) -> list[edge.Point]:
    """Rows or columns into the engine's points."""
    if body.points is not None:
        return [edge.Point(p.id, vector_struct(p.vector), p.payload) for p in body.points]
    batch = body.batch
    assert batch is not None  # the model has checked
    payloads = batch.payloads or [None] * len(batch.ids)
    columns: list[Any]
    if isinstance(batch.vectors, dict):
        if any(len(column) != len(batch.ids) for column in batch.vectors.values()):
            raise bad_request("batch: a column of `vectors` and `ids` differ in length")
        columns = [
            {name: vector(column[row]) for name, column in batch.vectors.items()}
            for row in range(len(batch.ids))
        ]
    else:
        columns = list(batch.vectors)
    if not len(batch.ids) == len(columns) == len(payloads):
        raise bad_request("batch: `ids`, `vectors` and `payloads` differ in length")
    return [
        edge.Point(id_, column, payload)
        for id_, column, payload in zip(batch.ids, columns, payloads, strict=True)
    ]


def with_payload(value: models.WithPayload | None, default: bool) -> Any:
    """Which payload keys to send."""
    if value is None:
        return default
    if isinstance(value, dict):
        if value.get("include") is not None:
            return edge.PayloadSelector.Include(value["include"])
        if value.get("exclude") is not None:
            return edge.PayloadSelector.Exclude(value["exclude"])
        raise bad_request("`with_payload` needs `include` or `exclude`")
    return value


def point_id(text: str) -> EngineId:
    """An id out of a path."""
    if text.isascii() and text.isdigit() and int(text) < 2**64:
        return int(text)
    try:
        return UUID(text)
    except ValueError:
        raise bad_request(
            f"value {text} is not a valid point ID, "
            "valid values are either an unsigned integer or a UUID"
        ) from None


def record(found: edge.Record) -> dict[str, Any]:
    """A retrieved point as JSON."""
    data: dict[str, Any] = {"id": _id(found.id), "payload": found.payload}
    if found.vector is not None:
        data["vector"] = _vector_json(found.vector)
    if found.order_value is not None:
        data["order_value"] = found.order_value
    return data


def scored(hit: edge.ScoredPoint) -> dict[str, Any]:
    """A hit as JSON."""
    data: dict[str, Any] = {
        "id": _id(hit.id),
        "version": hit.version,
        "score": hit.score,
        "payload": hit.payload,
        "vector": None if hit.vector is None else _vector_json(hit.vector),
    }
    if hit.order_value is not None:
        data["order_value"] = hit.order_value
    return data


def next_offset(value: EngineId | None) -> int | str | None:
    """Where the next page starts."""
    return None if value is None else _id(value)


def _id(value: EngineId) -> int | str:
    return value if isinstance(value, int) else str(value)


def _vector_json(value: Any) -> Any:
    if isinstance(value, edge.SparseVector):
        return {"indices": value.indices, "values": value.values}
    if isinstance(value, dict):
        return {name: _vector_json(one) for name, one in value.items()}
    return value
