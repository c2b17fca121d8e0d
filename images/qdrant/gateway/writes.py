"""Everything that changes points, payload or payload indexes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qdrant_edge as edge

from . import convert, models
from .collection import Collection
from .errors import ApiError, bad_request, not_spoken
from .filters import to_filter

Op = edge.UpdateOperation

_INDEX_PARAMS: dict[str, tuple[Any, Any]] = {
    "keyword": (edge.PayloadSchemaType.Keyword, edge.KeywordIndexParams),
    "integer": (edge.PayloadSchemaType.Integer, edge.IntegerIndexParams),
    "float": (edge.PayloadSchemaType.Float, edge.FloatIndexParams),
    "geo": (edge.PayloadSchemaType.Geo, edge.GeoIndexParams),
    "text": (edge.PayloadSchemaType.Text, edge.TextIndexParams),
    "bool": (edge.PayloadSchemaType.Bool, edge.BoolIndexParams),
    "datetime": (edge.PayloadSchemaType.Datetime, edge.DatetimeIndexParams),
    "uuid": (edge.PayloadSchemaType.Uuid, edge.UuidIndexParams),
}
_TOKENIZERS = {
    "prefix": edge.TokenizerType.Prefix,
    "whitespace": edge.TokenizerType.Whitespace,
    "word": edge.TokenizerType.Word,
    "multilingual": edge.TokenizerType.Multilingual,
}
_INDEX_OPTIONS = ("lookup", "range", "min_token_len", "max_token_len", "lowercase")


def run(
    collection: Collection, what: edge.UpdateOperation | list[edge.UpdateOperation]
) -> dict[str, Any] | list[dict[str, Any]]:
    """Apply one operation, or several in order, and say so as Qdrant does."""
    if isinstance(what, list):
        return [_run_one(collection, operation) for operation in what]
    return _run_one(collection, what)


def _run_one(collection: Collection, operation: edge.UpdateOperation) -> dict[str, Any]:
    return {"operation_id": collection.write(operation), "status": "completed"}


def upsert(body: models.Upsert) -> edge.UpdateOperation:
    """Insert or replace points."""
    if body.update_mode not in {None, "upsert"}:
        raise not_spoken(f"the update mode `{body.update_mode}`")
    return Op.upsert_points(convert.points(body), condition=to_filter(body.update_filter))


def delete(body: models.Selector) -> edge.UpdateOperation:
    """Delete points."""
    return _by(body, Op.delete_points, Op.delete_points_by_filter)


def set_payload(body: models.SetPayload) -> edge.UpdateOperation:
    """Set payload keys, keep the others."""
    return _by(body, Op.set_payload, Op.set_payload_by_filter, body.payload, body.key)


def overwrite_payload(body: models.SetPayload) -> edge.UpdateOperation:
    """Replace the whole payload."""
    return _by(body, Op.overwrite_payload, Op.overwrite_payload_by_filter, body.payload, body.key)


def delete_payload(body: models.DeletePayload) -> edge.UpdateOperation:
    """Take payload keys away."""
    return _by(body, Op.delete_payload, Op.delete_payload_by_filter, body.keys)


def clear_payload(body: models.Selector) -> edge.UpdateOperation:
    """Take all payload away."""
    return _by(body, Op.clear_payload, Op.clear_payload_by_filter)


def update_vectors(body: models.UpdateVectors) -> edge.UpdateOperation:
    """Replace vectors, keep the others and the payload."""
    return Op.update_vectors(
        [edge.PointVectors(p.id, convert.vector_struct(p.vector)) for p in body.points]
    )


def delete_vectors(body: models.DeleteVectors) -> edge.UpdateOperation:
    """Take named vectors away."""
    return _by(body, Op.delete_vectors, Op.delete_vectors_by_filter, body.vector)


def create_index(body: models.CreateIndex) -> edge.UpdateOperation:
    """Index a payload field."""
    schema = body.field_schema
    if schema is None:
        raise bad_request("`field_schema` is needed")
    options: dict[str, Any] = {} if isinstance(schema, str) else schema
    kind = schema if isinstance(schema, str) else str(schema.get("type"))
    if kind not in _INDEX_PARAMS:
        raise ApiError(400, f"Format error in JSON body: unknown payload schema `{kind}`")
    plain, params = _INDEX_PARAMS[kind]
    chosen = {name: options[name] for name in _INDEX_OPTIONS if options.get(name) is not None}
    if options.get("tokenizer") is not None:
        if options["tokenizer"] not in _TOKENIZERS:
            raise bad_request(f"unknown tokenizer `{options['tokenizer']}`")
        chosen["tokenizer"] = _TOKENIZERS[options["tokenizer"]]
    return Op.create_field_index(body.field_name, params(**chosen) if chosen else plain)


def batch(body: models.Operations) -> list[edge.UpdateOperation]:
    """Several writes in one request. All are checked before the first one is applied."""
    operations = []
    for item in body.operations:
        kind = next(iter(item), "")
        if len(item) != 1 or kind not in KINDS:
            raise ApiError(400, f"Format error in JSON body: unknown operation `{kind}`")
        _method, _path, model, build = KINDS[kind]
        operations.append(build(model.model_validate(item[kind])))
    return operations


# By the name that each has in a batch: its method and the end of its path, its body, its operation
KINDS: dict[str, tuple[str, str, type[models.Body], Callable[[Any], edge.UpdateOperation]]] = {
    "upsert": ("PUT", "", models.Upsert, upsert),
    "delete": ("POST", "/delete", models.Selector, delete),
    "set_payload": ("POST", "/payload", models.SetPayload, set_payload),
    "overwrite_payload": ("PUT", "/payload", models.SetPayload, overwrite_payload),
    "delete_payload": ("POST", "/payload/delete", models.DeletePayload, delete_payload),
    "clear_payload": ("POST", "/payload/clear", models.Selector, clear_payload),
    "update_vectors": ("PUT", "/vectors", models.UpdateVectors, update_vectors),
    "delete_vectors": ("POST", "/vectors/delete", models.DeleteVectors, delete_vectors),
}


def _by(
    body: models.Selector,
    by_ids: Callable[..., edge.UpdateOperation],
    by_filter: Callable[..., edge.UpdateOperation],
    *arguments: Any,
) -> edge.UpdateOperation:
    if body.points is not None:
        return by_ids(body.points, *arguments)
    return by_filter(to_filter(body.filter), *arguments)
