"""Retrieve, search, query, scroll and count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

import qdrant_edge as edge
from pydantic import TypeAdapter, ValidationError

from . import convert, models
from .collection import Collection
from .errors import ApiError, bad_request, not_found, not_spoken
from .filters import to_filter

Json = dict[str, Any]
_DEFAULT_LIMIT = 10
_POINT_ID: TypeAdapter[Any] = TypeAdapter(models.PointId)
_VECTOR: TypeAdapter[Any] = TypeAdapter(models.Vector)
_BY_SCORES: dict[str | None, Callable[..., Any]] = {
    "best_score": edge.Query.RecommendBestScore,
    "sum_scores": edge.Query.RecommendSumScores,
}


def retrieve(collection: Collection, body: models.Retrieve) -> list[Json]:
    """Points by id; ids that aren't there are left out."""
    payload = convert.with_payload(body.with_payload, default=True)
    with collection.shard() as shard:
        found = shard.retrieve(cast(Any, body.ids), payload, body.with_vector or False)
    return [convert.record(record) for record in found]


def one(collection: Collection, text: str) -> Json:
    """One point with all it has, or 404."""
    with collection.shard() as shard:
        found = shard.retrieve([convert.point_id(text)], True, True)
    if not found:
        raise not_found(f"Point with id {text} does not exists!")
    return convert.record(found[0])


def scroll(collection: Collection, body: models.Scroll) -> Json:
    """A page of points in the order of their ids, and where the next one starts."""
    order_by = None if body.order_by is None else _order_by(body.order_by)
    request = edge.ScrollRequest(
        offset=body.offset,
        limit=body.limit or _DEFAULT_LIMIT,
        filter=to_filter(body.filter),
        with_payload=convert.with_payload(body.with_payload, default=True),
        with_vector=body.with_vector or False,
        order_by=order_by,
    )
    with collection.shard() as shard:
        records, following = shard.scroll(request)
    return {
        "points": [convert.record(record) for record in records],
        "next_page_offset": convert.next_offset(following),
    }


def count(collection: Collection, body: models.Count) -> Json:
    """How many points match."""
    request = edge.CountRequest(exact=body.exact, filter=to_filter(body.filter))
    with collection.shard() as shard:
        return {"count": shard.count(request)}


def query(collection: Collection, body: models.Query) -> Json:
    """The one endpoint for all ways to ask: nearest, recommend, fusion, order, sample."""
    return {"points": _hits(collection, body)}


def search(collection: Collection, body: models.Search) -> list[Json]:
    """The nearest points to a vector."""
    named = body.vector if isinstance(body.vector, models.NamedVector) else None
    given, name = (named.vector, named.name) if named else (body.vector, None)
    vector = given.model_dump() if isinstance(given, models.Sparse) else given
    only = {"prefetch": None, "lookup_from": None}  # 1.7's searches have neither
    return _hits(collection, body.model_copy(update={"query": vector, "using": name, **only}))


def recommend(collection: Collection, body: models.Recommend) -> list[Json]:
    """The points nearest to some examples and far from others."""
    examples = {"positive": body.positive, "negative": body.negative, "strategy": body.strategy}
    return _hits(collection, body.model_copy(update={"query": {"recommend": examples}}))


def _hits(collection: Collection, body: models.Query) -> list[Json]:
    with collection.shard() as shard:
        request = edge.QueryRequest(
            **_asked(shard, body),
            offset=body.offset,
            with_payload=convert.with_payload(body.with_payload, default=False),
            with_vector=body.with_vector or False,
        )
        return [convert.scored(hit) for hit in shard.query(request)]


def _asked(shard: edge.EdgeShard, body: models.Prefetch) -> dict[str, Any]:
    """What a query and a prefetch have in common, as the engine's arguments."""
    scoring, seen = _scoring(shard, body)
    inner = body.prefetch if isinstance(body.prefetch, list) else [body.prefetch]
    return {
        "limit": body.limit or _DEFAULT_LIMIT,
        "query": scoring,
        "prefetches": [edge.Prefetch(**_asked(shard, one)) for one in inner if one is not None],
        "filter": _without(to_filter(body.filter), seen),
        "params": _params(body.params),
        "score_threshold": body.score_threshold,
    }


def _scoring(shard: edge.EdgeShard, body: models.Prefetch) -> tuple[Any, set[Any]]:
    """The engine's query, and the ids that were given as examples: they are no hits."""
    if body.lookup_from is not None:
        raise not_spoken("lookup_from")
    data = body.query
    if data is None:
        return None, set()
    if isinstance(data, dict) and "indices" not in data:
        kind = next((name for name in data if name != "mmr"), "")
        value = data.get(kind)
        if kind == "order_by":
            order = value if isinstance(value, str) else models.OrderBy.model_validate(value)
            return _order_by(order), set()
        if kind == "fusion" and value in {"rrf", "dbsf"}:
            return (edge.Fusion.Rrf(2) if value == "rrf" else edge.Fusion.Dbsf()), set()
        if kind == "sample" and value == "random":
            return edge.Sample.Random, set()
        if kind == "recommend":
            return _recommend(shard, models.RecommendInput.model_validate(value), body.using)
        if kind != "nearest" or data.get("mmr") is not None:
            raise not_spoken(f"a query of the kind `{kind}`")
        data = value
    vector, seen = _example(shard, data, body.using)
    return edge.Query.Nearest(vector, using=body.using), seen


def _recommend(
    shard: edge.EdgeShard, body: models.RecommendInput, using: str | None
) -> tuple[Any, set[Any]]:
    positive = [_example(shard, example, using) for example in body.positive]
    negative = [_example(shard, example, using) for example in body.negative]
    seen = set().union(*(ids for _, ids in positive + negative))
    likes, dislikes = [vector for vector, _ in positive], [vector for vector, _ in negative]
    if body.strategy in _BY_SCORES:
        examples = edge.RecommendQuery(likes, dislikes)
        return _BY_SCORES[body.strategy](examples, using=using), seen
    if not likes:
        raise bad_request("At least one positive vector ID required with this strategy")
    if any(not isinstance(vector, list) for vector in likes + dislikes):
        raise not_spoken("average_vector with sparse vectors")
    target = _average(likes)
    if dislikes:
        away = _average(dislikes)
        if len(away) != len(target):
            raise bad_request("Vector dimension error: the examples differ in length")
        target = [2 * plus - minus for plus, minus in zip(target, away, strict=True)]
    return edge.Query.Nearest(target, using=using), seen


def _average(vectors: list[list[float]]) -> list[float]:
    if len({len(vector) for vector in vectors}) != 1:
        raise bad_request("Vector dimension error: the examples differ in length")
    return [sum(column) / len(vectors) for column in zip(*vectors, strict=True)]


def _example(shard: edge.EdgeShard, data: Any, using: str | None) -> tuple[Any, set[Any]]:
    """A vector as it is, or a point's vector by the point's id."""
    if isinstance(data, (list, dict)):
        if isinstance(data, list) and data and isinstance(data[0], list):
            raise not_spoken("a multivector query")
        try:
            return convert.vector(_VECTOR.validate_python(data)), set()
        except ValidationError as error:
            raise ApiError(400, "Format error in JSON body: `query` is not a vector") from error
    try:
        id_: int | UUID = _POINT_ID.validate_python(data)
    except ValidationError as error:
        raise ApiError(400, "Format error in JSON body: `query` is not a point id") from error
    found = shard.retrieve([id_], False, [using] if using else True)
    vector: Any = found[0].vector if found else None
    if isinstance(vector, dict):
        vector = vector.get(using or "")
    if not found:
        raise not_found(f"No point with id {data} found")
    if vector is None:
        raise bad_request(f"Not existing vector name error: {using or ''}")
    return vector, {id_}


def _without(given: edge.Filter | None, ids: set[Any]) -> edge.Filter | None:
    if not ids:
        return given
    parts = [] if given is None else [given]
    return edge.Filter(must=list(parts), must_not=[edge.HasIdCondition(ids)])


def _order_by(order: str | models.OrderBy) -> edge.OrderBy:
    if isinstance(order, str):
        return edge.OrderBy(order)
    direction = edge.Direction.Desc if order.direction == "desc" else edge.Direction.Asc
    return edge.OrderBy(order.key, direction, order.start_from)


def _params(data: Json | None) -> edge.SearchParams | None:
    if not data:
        return None
    return edge.SearchParams(
        hnsw_ef=data.get("hnsw_ef"),
        exact=bool(data.get("exact")),
        indexed_only=bool(data.get("indexed_only")),
    )
