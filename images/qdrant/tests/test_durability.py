"""What survives: kill -9, SIGTERM, a crash in the middle of making or replacing a collection."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import httpx

LINE = {"vectors": {"size": 2, "distance": "Dot"}}


def point(id_: int, **payload: Any) -> dict[str, Any]:
    return {"id": id_, "vector": [1.0, float(id_)], "payload": payload}


def count(running: Any, name: str) -> int:
    return int(running.call("POST", f"/collections/{name}/points/count").json()["result"]["count"])


def test_acknowledged_writes_survive_kill_9_under_load(make_gateway: Callable[..., Any]) -> None:
    running = make_gateway().start()
    running.call("PUT", "/collections/c", LINE)
    acknowledged: dict[int, list[int]] = {0: [], 1: [], 2: []}
    enough = threading.Event()

    def write(writer: int) -> None:
        with httpx.Client(base_url=running.url) as client:
            for number in range(10_000):
                id_ = writer * 1_000_000 + number
                try:
                    answer = client.put("/collections/c/points", json={"points": [point(id_)]})
                except httpx.TransportError:
                    return  # killed
                assert answer.status_code == 200
                acknowledged[writer].append(id_)
                if number == 100:
                    enough.set()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in acknowledged]
    for thread in threads:
        thread.start()
    assert enough.wait(timeout=30)
    running.kill()
    for thread in threads:
        thread.join()

    running.start()
    ids = [id_ for written in acknowledged.values() for id_ in written]
    found = running.call("POST", "/collections/c/points", {"ids": ids}).json()["result"]
    assert {one["id"] for one in found} == set(ids)


def test_every_kind_of_write_survives_kill_9(make_gateway: Callable[..., Any]) -> None:
    running = make_gateway().start()
    running.call("PUT", "/collections/kept", LINE)
    running.call("PUT", "/collections/gone", LINE)
    path = "/collections/kept/points"
    running.call("PUT", path, {"points": [point(id_, n=id_) for id_ in range(5)]})
    running.call("PUT", path, {"points": [{"id": 9, "vector": [1]}]})  # refused; stays refused
    running.call("POST", f"{path}/payload", {"payload": {"set": 1}, "points": [1]})
    running.call("POST", f"{path}/delete", {"points": [2]})
    running.call("PUT", "/collections/kept/index", {"field_name": "n", "field_schema": "integer"})
    running.call("PATCH", "/collections/kept", {"hnsw_config": {"m": 8}})
    running.call("DELETE", "/collections/gone")
    running.kill()

    running.start()
    points = running.call("POST", f"{path}/scroll", {}).json()["result"]["points"]
    assert {one["id"]: one["payload"] for one in points} == {
        0: {"n": 0},
        1: {"n": 1, "set": 1},
        3: {"n": 3},
        4: {"n": 4},
    }
    info = running.call("GET", "/collections/kept").json()["result"]
    assert info["payload_schema"] == {"n": {"data_type": "integer", "points": 4}}
    assert info["config"]["hnsw_config"]["m"] == 8
    assert running.call("GET", "/collections/gone").status_code == 404


def test_sigterm_ends_it_well_and_the_data_is_there(make_gateway: Callable[..., Any]) -> None:
    running = make_gateway().start()
    running.call("PUT", "/collections/c", LINE)
    running.call("PUT", "/collections/c/points", {"points": [point(1)]})
    assert running.stop() == 0
    assert "Traceback" not in running.log()
    assert count(running.start(), "c") == 1


def test_leftovers_of_a_crash_are_cleared_or_finished(make_gateway: Callable[..., Any]) -> None:
    running = make_gateway().start()
    for name, points in (("old", 1), ("new", 2)):
        running.call("PUT", f"/collections/{name}", LINE)
        body = {"points": [point(id_) for id_ in range(points)]}
        running.call("PUT", f"/collections/{name}/points", body)
    running.stop()
    pending = running.storage / ".pending"
    # Killed while making a collection, while deleting one, and in the middle of a recovery.
    (pending / "half" / "abc" / "0" / "segments").mkdir(parents=True)
    (pending / "gone" / "def" / "0").mkdir(parents=True)
    (pending / "ready").mkdir()
    (running.storage / "collections" / "new").rename(pending / "ready" / "old")
    (running.storage / "tmp" / "upload-xyz").write_bytes(b"half")

    running.start()
    names = running.call("GET", "/collections").json()["result"]["collections"]
    assert names == [{"name": "old"}]
    assert count(running, "old") == 2
    assert list(pending.iterdir()) == []
    assert list((running.storage / "tmp").iterdir()) == []


def test_a_collection_that_cannot_be_loaded_stops_the_start(
    make_gateway: Callable[..., Any],
) -> None:
    """Serving the rest as if all was well would hide a loss."""
    running = make_gateway().start()
    running.call("PUT", "/collections/c", LINE)
    running.stop()
    (running.storage / "collections" / "c" / "config.json").write_text("{")
    assert running.spawn().wait(timeout=30) == 1
    assert "can't be loaded" in running.log()
    assert "Traceback" not in running.log()


def test_one_storage_one_gateway(make_gateway: Callable[..., Any]) -> None:
    first, second = make_gateway().start(), make_gateway()
    assert second.spawn().wait(timeout=30) == 1
    assert "in use by another gateway" in second.log()
    assert first.call("GET", "/readyz").status_code == 200


def test_readers_and_writers_while_collections_come_and_go(gateway: Any) -> None:
    problems: list[str] = []
    stop = threading.Event()

    def use(work: Callable[[httpx.Client], httpx.Response]) -> None:
        with httpx.Client(base_url=gateway.url, timeout=20) as client:
            while not stop.wait(0.005):
                answer = work(client)
                if answer.status_code not in {200, 404}:
                    problems.append(answer.text)

    search = {"vector": [1, 1], "limit": 3}
    path = "/collections/busy"
    works: list[Callable[[httpx.Client], httpx.Response]] = [
        lambda client: client.put(f"{path}/points", json={"points": [point(1), point(2)]}),
        lambda client: client.post(f"{path}/points/search", json=search),
        lambda client: client.get(path),
    ]
    threads = [threading.Thread(target=use, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for _ in range(4):
        assert gateway.call("PUT", path, LINE).status_code == 200
        assert gateway.call("POST", f"{path}/snapshots").status_code == 200
        assert gateway.call("DELETE", path).status_code == 200
    stop.set()
    for thread in threads:
        thread.join(timeout=30)
    assert problems == []
