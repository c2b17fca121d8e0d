"""Redis' data: copied from a server that runs, and put back into a new volume."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import redis
from ansible.module_utils.groundwork.data import Source
from ansible.module_utils.groundwork.data.types import data_type
from ansible.module_utils.groundwork.errors import GroundworkError

from . import copies
from .copies import COPY, DOCKER, NEW, SERVER, checkpoint, fill, shell, source
from .stack import Stack, docker


@pytest.fixture(autouse=True)
def places(stack: Stack) -> Iterator[None]:
    with copies.places(stack):
        yield


@pytest.fixture
def keys(stack: Stack) -> Iterator[dict[int, redis.Redis]]:
    """2000 keys in two databases, some with a time to live, one of which soon ends."""
    clients = {
        number: redis.Redis(
            "127.0.0.1", stack.redis_port, number, stack.redis_password, decode_responses=True
        )
        for number in (1, 7)
    }
    for number, client in clients.items():
        with client.pipeline() as pipe:
            for key in range(1000):
                pipe.set(f"key {key}", f"{number} wört {key}", ex=3600 if key % 4 == 0 else None)
            pipe.set("short", "lived", px=300)
            pipe.execute()
    yield clients
    for client in clients.values():
        client.flushdb()


@contextmanager
def redis_on(one: Source, volume: str) -> Iterator[str]:
    """A server with the service's command line on a volume: its container."""
    name = SERVER
    command = (one.image, "redis-server", "--appendonly", "yes")
    docker("run", "--detach", "--name", name, "--volume", f"{volume}:/data", *command)
    try:
        ask = ("exec", name, "redis-cli", "--raw")
        while DOCKER.run(*ask, "ping").stdout.strip() != "PONG":
            assert "true" in docker("inspect", "--format", "{{.State.Running}}", name)
        yield name
        docker("stop", name)
    finally:
        DOCKER.run("rm", "--force", "--volumes", name)


def test_redis_comes_back_with_its_keys_and_their_times(
    stack: Stack, keys: dict[int, redis.Redis]
) -> None:
    one = source(stack, "redis")
    assert data_type(one.service).bytes_needed(one) > 100_000
    saved = checkpoint(one)
    assert saved.facts["keys"] >= 2000
    assert saved.facts["databases"] == [1, 7]
    assert 500 <= saved.facts["keys_with_ttl"] <= 502
    assert saved.version.startswith("7.")
    assert saved.details["rdb_version"] >= 9
    fill(one, saved)
    for client in keys.values():
        client.set("later", "not in the copy")
    with redis_on(one, NEW) as name:
        for number in keys:
            ask = ("exec", name, "redis-cli", "--raw", "-n", str(number))
            assert docker(*ask, "get", "key 17").strip() == f"{number} wört 17"
            assert docker(*ask, "exists", "short", "later").strip() == "0"
            assert 3000 < int(docker(*ask, "ttl", "key 4")) <= 3600
            assert int(docker(*ask, "ttl", "key 17")) == -1
            assert docker(*ask, "dbsize").strip() == "1000"
        docker("exec", name, "redis-cli", "-n", "7", "set", "written", "after")
    with redis_on(one, NEW) as name:
        assert docker("exec", name, "redis-cli", "-n", "7", "get", "written").strip() == "after"
        assert docker("exec", name, "redis-cli", "-n", "7", "dbsize").strip() == "1001"
        files = docker("exec", name, "stat", "-c", "%U %a", "/data/appendonlydir")
        assert files.split() == ["redis", "700"]


def test_a_save_that_already_runs_is_waited_for(stack: Stack, keys: dict[int, redis.Redis]) -> None:
    client = keys[1]
    client.bgsave()
    client.set("between", "1")
    saved = checkpoint(source(stack, "redis"))
    fill(source(stack, "redis"), saved)
    with redis_on(source(stack, "redis"), NEW) as name:
        assert docker("exec", name, "redis-cli", "-n", "1", "get", "between").strip() == "1"


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        ("truncate -s -2000 {}", "is damaged: its files"),
        ("rm {}", "no whole copy"),
    ],
)
def test_a_damaged_copy_of_redis_is_refused(
    stack: Stack, keys: dict[int, redis.Redis], damage: str, what: str
) -> None:
    one = source(stack, "redis")
    saved = checkpoint(one)
    shell(one, damage.format("/copy/redis/dump.rdb"))
    with pytest.raises(GroundworkError, match=what):
        fill(one, saved)


@pytest.mark.parametrize(
    ("damage", "what", "words"),
    [
        ("truncate -s -2000 {}", "damaged: Redis can't read", "EOF"),
        ("printf 'REDIS0099' | dd of={} conv=notrunc", "whose files", "RDB format version 99"),
        # As `redis-cli --rdb -` does: redis-check-rdb takes it, the server doesn't
        ("head -c 40 /dev/zero >>{}", "doesn't start", "Bad file format"),
    ],
)
def test_redis_itself_has_the_last_word(
    stack: Stack,
    keys: dict[int, redis.Redis],
    damage: str,
    what: str,
    words: str,
) -> None:
    one = source(stack, "redis")
    saved = checkpoint(one)
    script = damage.format("/copy/redis/dump.rdb") + "; sha256sum /copy/redis/dump.rdb"
    digest = shell(one, script).split()[0]
    with pytest.raises(GroundworkError, match=what) as caught:
        fill(one, replace(saved, files={"dump.rdb": digest}))
    assert words in str(caught.value.details)


def test_a_new_volume_that_is_not_new_is_refused(
    stack: Stack, keys: dict[int, redis.Redis]
) -> None:
    for name in ("redis", "qdrant"):
        one = source(stack, name)
        saved = checkpoint(one)
        shell(one, "touch /copy/.something", NEW)
        with pytest.raises(GroundworkError, match="isn't empty"):
            fill(one, saved)
    with pytest.raises(GroundworkError, match=r"volume .* is gone"):
        data_type(one.service).fill(one, saved, COPY, "qdrant", {"qdrant": "nowhere"})
    assert "nowhere" not in docker("volume", "ls", "-q").split()
