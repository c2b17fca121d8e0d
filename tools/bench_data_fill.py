"""The data of tools/bench_data.py, and what a person types to copy them by hand."""

from __future__ import annotations

import json
import random
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import redis
from integration.stack import Stack, docker, slot_name
from measure import run

BY_HAND = slot_name("groundwork-bench-by-hand")
_ROWS, _KEYS, _POINTS = 150_000, 200_000, 20_000
_BATCH = 2_000
_COLLECTIONS = {"items": 1.0, "few": 0.005}
_SQL = """
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TABLE docs AS
  SELECT n AS id, md5(n::text) || md5((n + 1)::text) || md5((n + 2)::text) AS text
  FROM generate_series(1, {rows}) n;
ALTER TABLE docs ADD PRIMARY KEY (id);
SELECT lo_from_bytea(0, decode(repeat('ab', 100000), 'hex'));
CREATE ROLE reporter LOGIN PASSWORD 'not secret';
GRANT SELECT ON docs TO reporter;
CHECKPOINT;
"""


def fill_postgres(container: str, times: int) -> None:
    """pgbench's tables at scale 20, some text, a large object, two extensions, a role."""
    as_owner = ["docker", "exec", container]
    run([*as_owner, "pgbench", "-qi", "-s", str(20 * times), "-U", "postgres", "app"])
    script = _SQL.format(rows=_ROWS * times)
    run([*as_owner, "psql", "-XqU", "postgres", "-v", "ON_ERROR_STOP=1", "-c", script, "app"])


def fill_redis(stack: Stack, times: int) -> None:
    """Keys of about a hundred bytes."""
    client = redis.Redis(port=stack.redis_port, password=stack.redis_password)
    for first in range(0, _KEYS * times, _BATCH):
        pipe = client.pipeline(transaction=False)
        for number in range(first, first + _BATCH):
            pipe.set(f"key:{number}", f"{number:0100}")
        pipe.execute()


def fill_qdrant(stack: Stack, times: int) -> None:
    """Vectors of 128 numbers with a small payload, in two collections."""
    chance = random.Random(7)  # noqa: S311
    for name, share in _COLLECTIONS.items():
        vectors = {"vectors": {"size": 128, "distance": "Cosine"}}
        asked(stack, "PUT", f"/collections/{name}", vectors)
        count = int(_POINTS * share * times)
        for first in range(0, count, 500):
            points = [
                {"id": n, "vector": [chance.random() for _ in range(128)], "payload": {"n": n}}
                for n in range(first, min(first + 500, count))
            ]
            asked(stack, "PUT", f"/collections/{name}/points?wait=true", {"points": points})


def asked(stack: Stack, method: str, path: str, body: Any = None) -> Any:
    """What Qdrant answers."""
    request = urllib.request.Request(  # noqa: S310
        stack.qdrant_url + path,
        method=method,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"api-key": stack.qdrant_api_key, "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310
        text = answer.read()
    return text if "application/json" not in answer.headers["content-type"] else json.loads(text)


def snapshots_by_hand(stack: Stack, directory: Path) -> None:
    """pg_basebackup into a volume, BGSAVE, collection snapshots with their download."""
    here = stack.containers()
    postgres, image = str(here["postgres"]["Id"]), here["postgres"]["Config"]["Image"]
    client = redis.Redis(port=stack.redis_port, password=stack.redis_password)
    client.bgsave()
    while client.info("persistence")["rdb_bgsave_in_progress"]:
        time.sleep(0.02)
    with (directory / "dump.rdb").open("wb") as file:
        file.write(_of_container(str(here["redis"]["Id"]), "/data/dump.rdb"))
    for name in _COLLECTIONS:
        if not _exists(stack, name):
            continue
        made = asked(stack, "POST", f"/collections/{name}/snapshots")["result"]["name"]
        (directory / name).write_bytes(asked(stack, "GET", f"/collections/{name}/snapshots/{made}"))
        asked(stack, "DELETE", f"/collections/{name}/snapshots/{made}")
    docker("volume", "create", BY_HAND)
    run(
        ["docker", "run", "--rm", "--pid", f"container:{postgres}", "--user", "0", "--cap-add",
         "SYS_PTRACE", "-v", f"{BY_HAND}:/copy", "--entrypoint", "pg_basebackup", image,
         "-h", "/proc/1/root/run/postgresql", "-U", "postgres", "-D", "/copy/it", "-Fp", "-X",
         "stream", "-c", "fast"]
    )  # fmt: skip


def _exists(stack: Stack, name: str) -> bool:
    found = asked(stack, "GET", "/collections")["result"]["collections"]
    return name in [each["name"] for each in found]


def _of_container(container: str, path: str) -> bytes:
    return subprocess.run(
        ["docker", "exec", container, "cat", path], stdout=subprocess.PIPE, check=True
    ).stdout
