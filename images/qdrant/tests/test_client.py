"""What an app does, with Qdrant's own client."""

from __future__ import annotations

from uuid import uuid4

import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

M = models


def ids(points: list) -> list:
    return [point.id for point in points]


def match(key: str, value: object) -> M.Filter:
    return M.Filter(must=[M.FieldCondition(key=key, match=M.MatchValue(value=value))])


def test_collection_life(client: QdrantClient) -> None:
    name = f"life {uuid4()}"
    assert not client.collection_exists(name)
    assert client.create_collection(name, vectors_config=M.VectorParams(size=3, distance="Dot"))
    assert client.collection_exists(name)
    assert name in [one.name for one in client.get_collections().collections]
    info = client.get_collection(name)
    assert info.status == M.CollectionStatus.GREEN
    assert info.points_count == 0
    assert info.config.params.vectors == M.VectorParams(size=3, distance=M.Distance.DOT)
    assert client.update_collection(name, hnsw_config=M.HnswConfigDiff(m=8))
    assert client.get_collection(name).config.hnsw_config.m == 8
    assert client.delete_collection(name)
    assert not client.collection_exists(name)
    assert not client.delete_collection(name)


@pytest.mark.parametrize("distance", list(M.Distance))
def test_every_distance_finds_the_same_vector_first(
    client: QdrantClient, distance: M.Distance
) -> None:
    name = f"distance-{distance.value}"
    client.create_collection(name, vectors_config=M.VectorParams(size=2, distance=distance))
    try:
        client.upsert(name, M.Batch(ids=[1, 2], vectors=[[1.0, 0.0], [0.0, 1.0]]))
        assert ids(client.query_points(name, query=[0.1, 0.9], limit=2).points) == [2, 1]
        assert client.get_collection(name).config.params.vectors.distance == distance
    finally:
        client.delete_collection(name)


def test_points_by_id(client: QdrantClient, collection: str) -> None:
    uuid = str(uuid4())
    client.upsert(collection, [M.PointStruct(id=uuid, vector=[9, 9], payload={"new": True})])
    found = client.retrieve(collection, [uuid, 1, 404], with_vectors=True)
    assert {point.id: point.vector for point in found} == {uuid: [9, 9], 1: [1, 0]}
    assert client.retrieve(collection, [1], with_payload=["n"])[0].payload == {"n": 1}
    assert client.count(collection).count == 5
    client.delete(collection, M.PointIdsList(points=[uuid]))
    client.delete(collection, M.FilterSelector(filter=match("city", "Wien")))
    assert ids(client.scroll(collection)[0]) == [1, 3]


def test_upload_and_scroll_through_all(client: QdrantClient, collection: str) -> None:
    points = (M.PointStruct(id=number, vector=[0, number]) for number in range(100, 400))
    client.upload_points(collection, points, batch_size=64, wait=True)
    seen, offset = [], None
    while True:
        page, offset = client.scroll(collection, limit=50, offset=offset)
        seen += ids(page)
        if offset is None:
            break
    assert seen == [1, 2, 3, 4, *range(100, 400)]


def test_query(client: QdrantClient, collection: str) -> None:
    query = client.query_points
    assert ids(query(collection, query=[3.1, 0], limit=2).points) == [3, 4]
    assert ids(query(collection, query=4, limit=9).points) == [3, 2, 1]  # itself is no hit
    assert ids(query(collection, query=[0, 0], offset=1, limit=2).points) == [2, 3]
    assert ids(query(collection, query=[0, 0], score_threshold=2.5, limit=9).points) == [1, 2]
    first = query(collection, query=[1, 0], limit=1, with_vectors=True).points[0]
    assert (first.score, first.vector, first.payload) == (0, [1, 0], {"n": 1, "city": "Bonn"})
    batch = client.query_batch_points(
        collection, [M.QueryRequest(query=[0, 0], limit=1), M.QueryRequest(query=[9, 0], limit=1)]
    )
    assert [ids(one.points) for one in batch] == [[1], [4]]


def test_recommend_and_fusion(client: QdrantClient, collection: str) -> None:
    liked = M.RecommendQuery(recommend=M.RecommendInput(positive=[4], negative=[1]))
    assert ids(client.query_points(collection, query=liked, limit=2).points) == [3, 2]
    fused = client.query_points(
        collection,
        prefetch=[M.Prefetch(query=[1, 0], limit=2), M.Prefetch(query=[1.2, 0], limit=1)],
        query=M.FusionQuery(fusion=M.Fusion.RRF),
        limit=2,
    )
    assert ids(fused.points) == [1, 2]


def test_order_needs_an_index(client: QdrantClient, collection: str) -> None:
    client.create_payload_index(collection, "n", M.PayloadSchemaType.INTEGER)
    page, _ = client.scroll(collection, order_by=M.OrderBy(key="n", direction="desc"), limit=2)
    assert ids(page) == [4, 3]


def test_payload(client: QdrantClient, collection: str) -> None:
    def payload(id_: int) -> dict | None:
        return client.retrieve(collection, [id_])[0].payload

    client.set_payload(collection, {"extra": {"deep": 1}}, points=[1])
    assert payload(1) == {"n": 1, "city": "Bonn", "extra": {"deep": 1}}
    client.set_payload(collection, {"deep": 2}, points=[1], key="extra")
    assert payload(1) == {"n": 1, "city": "Bonn", "extra": {"deep": 2}}
    client.overwrite_payload(collection, {"only": "this"}, points=match("n", 2))
    assert payload(2) == {"only": "this"}
    client.delete_payload(collection, ["city"], points=[3])
    assert payload(3) == {"n": 3}
    client.clear_payload(collection, points_selector=[4])
    assert payload(4) == {}


def test_payload_index(client: QdrantClient, collection: str) -> None:
    client.create_payload_index(collection, "city", "keyword")
    client.create_payload_index(
        collection, "text", M.TextIndexParams(type="text", tokenizer="word", lowercase=True)
    )
    schema = client.get_collection(collection).payload_schema
    assert {name: (one.data_type.value, one.points) for name, one in schema.items()} == {
        "city": ("keyword", 4),
        "text": ("text", 0),
    }
    client.delete_payload_index(collection, "text")
    assert set(client.get_collection(collection).payload_schema) == {"city"}


def test_named_and_sparse_vectors(client: QdrantClient) -> None:
    name = "named"
    client.create_collection(
        name,
        vectors_config={
            "image": M.VectorParams(size=2, distance=M.Distance.DOT),
            "size": M.VectorParams(size=3, distance=M.Distance.COSINE),
        },
        sparse_vectors_config={"words": M.SparseVectorParams()},
    )
    try:
        words = M.SparseVector(indices=[7, 9], values=[0.5, 1.0])
        client.upsert(
            name,
            [
                M.PointStruct(id=1, vector={"image": [1, 0], "size": [0, 0, 1], "words": words}),
                M.PointStruct(id=2, vector={"image": [0, 1]}),
            ],
        )
        assert ids(client.query_points(name, query=[0, 1], using="image").points) == [2, 1]
        assert ids(client.query_points(name, query=words, using="words").points) == [1]
        assert client.retrieve(name, [1], with_vectors=["words"])[0].vector == {"words": words}
        client.update_vectors(name, [M.PointVectors(id=2, vector={"size": [0, 1, 0]})])
        assert set(client.retrieve(name, [2], with_vectors=True)[0].vector) == {"image", "size"}
        client.delete_vectors(name, ["size"], points=[2])
        assert set(client.retrieve(name, [2], with_vectors=True)[0].vector) == {"image"}
        with pytest.raises(UnexpectedResponse, match="Not existing vector name"):
            client.query_points(name, query=[0, 1])
    finally:
        client.delete_collection(name)


def test_batch_of_operations(client: QdrantClient, collection: str) -> None:
    results = client.batch_update_points(
        collection,
        [
            M.UpsertOperation(
                upsert=M.PointsList(points=[M.PointStruct(id=5, vector=[5, 0], payload={})])
            ),
            M.SetPayloadOperation(set_payload=M.SetPayload(payload={"late": 1}, points=[5])),
            M.DeleteOperation(delete=M.PointIdsList(points=[1, 2])),
        ],
    )
    assert len(results) == 3
    found, _ = client.scroll(collection)
    assert [(point.id, point.payload.get("late")) for point in found] == [
        (3, None),
        (4, None),
        (5, 1),
    ]


def test_conditional_upsert_changes_only_what_matches(
    client: QdrantClient, collection: str
) -> None:
    points = [M.PointStruct(id=id_, vector=[0, 0], payload={"new": True}) for id_ in (1, 2)]
    client.upsert(collection, points, update_filter=match("city", "Wien"))
    found = client.retrieve(collection, [1, 2])
    assert {point.id: "new" in point.payload for point in found} == {1: False, 2: True}
    with pytest.raises(UnexpectedResponse, match="501"):
        client.upsert(collection, points, update_mode=M.UpdateMode.INSERT_ONLY)
