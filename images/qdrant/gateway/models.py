"""The shapes of request bodies. Unknown fields are left alone, as Qdrant does."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictInt, Tag, model_validator

PointId = Annotated[StrictInt, Field(ge=0, le=2**64 - 1)] | UUID
Number = Annotated[float, Field(allow_inf_nan=False)]
Payload = dict[str, Any]


class Body(BaseModel):
    """The base of all bodies."""

    model_config = ConfigDict(extra="ignore")


class Sparse(Body):
    """A sparse vector."""

    model_config = ConfigDict(extra="forbid")
    indices: list[Annotated[int, Field(ge=0, le=2**32 - 1)]]
    values: list[Number]


Dense = list[Number]
Vector = Dense | Sparse
VectorStruct = Dense | dict[str, Vector]


class VectorParams(Body):
    """One vector of a collection."""

    size: Annotated[int, Field(ge=1, le=65536)]
    distance: Literal["Cosine", "Euclid", "Dot", "Manhattan"]
    on_disk: bool | None = None
    hnsw_config: dict[str, Any] | None = None
    quantization_config: dict[str, Any] | None = None
    multivector_config: dict[str, Any] | None = None
    datatype: str | None = None


def _one_or_named(data: Any) -> str:
    return (
        "one"
        if isinstance(data, dict) and not isinstance(data.get("size"), dict | None)
        else "named"
    )


VectorsConfig = Annotated[
    Annotated[VectorParams, Tag("one")] | Annotated[dict[str, VectorParams], Tag("named")],
    Discriminator(_one_or_named),
]


class CreateCollection(Body):
    """PUT /collections/{name}."""

    vectors: VectorsConfig | None = None
    sparse_vectors: dict[str, dict[str, Any] | None] | None = None
    shard_number: Annotated[int, Field(ge=1)] | None = None
    replication_factor: Annotated[int, Field(ge=1)] | None = None
    write_consistency_factor: Annotated[int, Field(ge=1)] | None = None
    on_disk_payload: bool | None = None
    hnsw_config: dict[str, Any] | None = None
    wal_config: dict[str, Any] | None = None
    optimizers_config: dict[str, Any] | None = None
    quantization_config: dict[str, Any] | None = None
    init_from: dict[str, Any] | None = None
    sharding_method: str | None = None


class UpdateCollection(Body):
    """PATCH /collections/{name}."""

    hnsw_config: dict[str, Any] | None = None
    optimizers_config: dict[str, Any] | None = None
    quantization_config: dict[str, Any] | str | None = None
    params: dict[str, Any] | None = None


class Point(Body):
    """A point to write."""

    id: PointId
    vector: VectorStruct
    payload: Payload | None = None


class Batch(Body):
    """Points as columns."""

    ids: list[PointId]
    vectors: list[Dense] | dict[str, list[Vector]]
    payloads: list[Payload | None] | None = None


class Upsert(Body):
    """PUT /points: rows or columns."""

    points: list[Point] | None = None
    batch: Batch | None = None
    # Later than 1.7, but ignoring them would write what wasn't meant to be written.
    update_filter: dict[str, Any] | None = None
    update_mode: str | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Upsert:
        if (self.points is None) == (self.batch is None):
            raise ValueError("exactly one of `points` and `batch` is needed")
        return self


class Selector(Body):
    """Which points: by id or by filter."""

    points: list[PointId] | None = None
    filter: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Selector:
        if self.points is None and self.filter is None:
            raise ValueError("one of `points` and `filter` is needed")
        return self


class SetPayload(Selector):
    """Payload to set on points."""

    payload: Payload
    key: str | None = None


class DeletePayload(Selector):
    """Payload keys to take from points."""

    keys: list[str]


class PointVectors(Body):
    """New vectors of one point."""

    id: PointId
    vector: VectorStruct


class UpdateVectors(Body):
    """PUT /points/vectors."""

    points: Annotated[list[PointVectors], Field(min_length=1)]


class DeleteVectors(Selector):
    """POST /points/vectors/delete."""

    vector: Annotated[list[str], Field(min_length=1)]


class Operations(Body):
    """POST /points/batch: writes in order, each a dictionary with one key, the kind."""

    operations: list[dict[str, Any]]


class CreateIndex(Body):
    """PUT /index."""

    field_name: str
    field_schema: str | dict[str, Any] | None = None


WithPayload = bool | list[str] | dict[str, list[str]]
WithVector = bool | list[str]


class Retrieve(Body):
    """POST /points."""

    ids: list[PointId]
    with_payload: WithPayload | None = None
    with_vector: WithVector | None = None


class NamedVector(Body):
    """A query vector and the name of the vector that it is compared with."""

    name: str
    vector: Vector


class Prefetch(Body):
    """A query whose hits another one works on."""

    prefetch: Prefetch | list[Prefetch] | None = None
    query: Any = None
    using: str | None = None
    filter: dict[str, Any] | None = None
    params: dict[str, Any] | None = None
    score_threshold: float | None = None
    limit: Annotated[int, Field(ge=1)] | None = None
    lookup_from: dict[str, Any] | None = None


class Query(Prefetch):
    """POST /points/query."""

    offset: Annotated[int, Field(ge=0)] | None = None
    with_payload: WithPayload | None = None
    with_vector: WithVector | None = None


class Search(Query):
    """POST /points/search, 1.7's own form of a query for the nearest points to a vector."""

    vector: Dense | NamedVector
    limit: Annotated[int, Field(ge=1)]


class SearchBatch(Body):
    """POST /points/search/batch."""

    searches: list[Search]


class QueryBatch(Body):
    """POST /points/query/batch."""

    searches: list[Query]


class RecommendInput(Body):
    """Examples that hits should be like, and unlike: vectors, or ids of points."""

    positive: list[Any] = Field(default_factory=list)
    negative: list[Any] = Field(default_factory=list)
    strategy: Literal["average_vector", "best_score", "sum_scores"] | None = None


class OrderBy(Body):
    """An order by a payload field that has an index."""

    key: str
    direction: Literal["asc", "desc"] | None = None
    start_from: int | float | str | None = None


class Recommend(RecommendInput, Query):
    """POST /points/recommend, 1.7's own form of a recommend query."""

    using: Any = None
    limit: Annotated[int, Field(ge=1)]


class Scroll(Body):
    """POST /points/scroll."""

    offset: PointId | None = None
    limit: Annotated[int, Field(ge=1)] | None = None
    filter: dict[str, Any] | None = None
    with_payload: WithPayload | None = None
    with_vector: WithVector | None = None
    order_by: str | OrderBy | None = None


class Count(Body):
    """POST /points/count."""

    filter: dict[str, Any] | None = None
    exact: bool = True


class Recover(Body):
    """PUT /snapshots/recover."""

    location: str
    checksum: str | None = None
