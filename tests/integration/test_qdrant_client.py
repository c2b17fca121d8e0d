"""An app's everyday journey with qdrant-client, on the running stack's Qdrant.

It asks for nothing that only one of the two (the official image, the Edge gateway) offers.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

WIEN = models.Filter(
    must=[models.FieldCondition(key="city", match=models.MatchValue(value="Wien"))]
)


def connect(stack: Any, key: str | None) -> QdrantClient:
    with warnings.catch_warnings():
        # The client warns of a key over plain HTTP; the stack is on the loopback address.
        warnings.simplefilter("ignore", UserWarning)
        return QdrantClient(
            url=stack.qdrant_url, api_key=key, check_compatibility=False, timeout=20
        )


@pytest.fixture
def client(stack: Any) -> QdrantClient:
    return connect(stack, stack.qdrant_api_key)


@pytest.fixture
def collection(client: QdrantClient) -> Iterator[str]:
    name = f"groundwork-test-{uuid4()}"
    client.create_collection(
        name, vectors_config=models.VectorParams(size=2, distance=models.Distance.COSINE)
    )
    yield name
    client.delete_collection(name)


def test_everyday_journey(client: QdrantClient, collection: str) -> None:
    assert collection in [one.name for one in client.get_collections().collections]
    client.create_payload_index(collection, "city", models.PayloadSchemaType.KEYWORD, wait=True)
    client.upload_points(
        collection,
        [
            models.PointStruct(
                id=number,
                vector=[1.0, float(number)],
                payload={"city": "Bonn" if number % 2 else "Wien"},
            )
            for number in range(20)
        ],
        batch_size=8,
        wait=True,
    )
    assert client.count(collection, exact=True).count == 20
    assert client.count(collection, count_filter=WIEN, exact=True).count == 10

    page, following = client.scroll(collection, limit=12)
    assert [point.id for point in page] == list(range(12))
    assert following == 12

    client.set_payload(collection, {"seen": True}, points=[3], wait=True)
    found = client.retrieve(collection, [3])[0]
    assert found.payload == {"city": "Bonn", "seen": True}

    client.delete(collection, models.FilterSelector(filter=WIEN), wait=True)
    assert client.get_collection(collection).points_count == 10


def test_nearest_point(stack: Any, client: QdrantClient, collection: str) -> None:
    client.upsert(collection, models.Batch(ids=[1, 2], vectors=[[1, 0], [0, 1]]), wait=True)
    # Qdrant 1.7 has /points/search; today's client asks /points/query, which came with 1.10.
    answer = httpx.post(
        f"{stack.qdrant_url}/collections/{collection}/points/search",
        json={"vector": [0.1, 0.9], "limit": 1},
        headers={"api-key": stack.qdrant_api_key or ""},
        timeout=20,
    )
    assert [hit["id"] for hit in answer.json()["result"]] == [2]


def test_wrong_key_is_refused(stack: Any) -> None:
    if stack.qdrant_api_key is None:
        pytest.skip("this stack's Qdrant asks for no key")
    for key in (None, "not-the-key"):
        with pytest.raises(UnexpectedResponse, match=r"40[13]"):
            connect(stack, key).get_collections()
