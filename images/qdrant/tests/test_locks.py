"""Who may touch a shard when: a race that a test from outside would meet too rarely."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import qdrant_edge
from gateway.collection import SHARD_FOLDER, Collection, engine_config, write_config
from gateway.errors import ApiError

CONFIG = {"vectors": {"size": 1, "distance": "Dot"}, "sparse_vectors": {}}
PATIENCE_SECONDS = 20


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    write_config(tmp_path, CONFIG)
    qdrant_edge.EdgeShard.create(str(tmp_path / SHARD_FOLDER), engine_config(CONFIG)).close()
    return Collection("c", tmp_path)


def points(collection: Collection) -> int:
    with collection.shard() as shard:
        return shard.info().points_count


def test_closing_waits_for_readers_and_keeps_new_ones_out(collection: Collection) -> None:
    closing = threading.Thread(target=collection.close)
    late: list[object] = []

    def read_late() -> None:
        try:
            with collection.shard() as shard:
                late.append(shard)
        except ApiError as error:
            late.append(error.status)

    reading = threading.Thread(target=read_late)
    with collection.shard() as shard:
        closing.start()
        closing.join(timeout=0.2)
        assert closing.is_alive()
        reading.start()
        reading.join(timeout=0.2)
        assert reading.is_alive(), "a newcomer must not overtake who wants to close"
        assert shard.info().points_count == 0
    closing.join(timeout=PATIENCE_SECONDS)
    reading.join(timeout=PATIENCE_SECONDS)
    assert late == [404]


def test_writes_wait_for_a_snapshot_and_reads_do_not(collection: Collection) -> None:
    point = qdrant_edge.Point(1, [1.0])
    operation = qdrant_edge.UpdateOperation.upsert_points([point])
    writing = threading.Thread(target=collection.write, args=(operation,))
    with collection.still():
        writing.start()
        writing.join(timeout=0.2)
        assert writing.is_alive()
        assert points(collection) == 0
    writing.join(timeout=PATIENCE_SECONDS)
    assert points(collection) == 1
    collection.close()
    collection.close()  # a second time does no harm
