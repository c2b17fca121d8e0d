"""What of a stack has data, and in what it runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible.module_utils.groundwork.data.sources import (
    again,
    any_image,
    named,
    require_live,
    sources,
)
from ansible.module_utils.groundwork.docker import volumes
from ansible.module_utils.groundwork.errors import GroundworkError
from fake_engine import FakeEngine, container

SERVICES = {
    "db": {"kind": "postgres", "image": "postgres:16-alpine", "port": 1},
    "cache": {"kind": "redis", "image": "redis:7-alpine", "port": 2},
    "new": {"kind": "redis", "image": "redis:7-alpine", "port": 3},
    "far": {
        "kind": "redis",
        "external": True,
        "host": "redis.example.com",
        "port": 4,
        "password": "x",
    },
}
ENV = """
CACHE_IMAGE=built-redis
CACHE_FLAVOUR=redis
CACHE_PASSWORD=secret
DB_IMAGE=built-postgres
DB_FLAVOUR=postgres-16-glibc
"""


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text(ENV, encoding="utf-8")
    volumes.write(tmp_path, {"db": 3})
    return tmp_path


def test_those_that_were_started_with_their_live_volumes(stack: Path) -> None:
    engine = FakeEngine(
        containers=[
            container("a", "shop", service="db"),
            container("b", "shop", service="cache", state="exited"),
        ]
    )
    cache, db = sorted(sources(engine, "shop", SERVICES, stack), key=lambda each: each.service.name)
    assert (db.image, db.storage_format) == ("built-postgres", "postgres-16-glibc")
    assert db.volumes == {"db": "shop_db_data.3"}
    assert cache.volumes == {"cache": "shop_cache_data"}
    assert cache.secrets == {"CACHE_PASSWORD": "secret"}
    assert db.container
    assert cache.container == ""
    assert cache.helper == db.helper == "built-postgres"
    assert any_image([cache, db]) == "built-postgres"
    assert any_image([cache]) == "built-redis"


def test_who_waited_asks_again_what_runs_and_what_is_live(stack: Path) -> None:
    down = FakeEngine(containers=[container("a", "shop", service="db")])
    found = sources(down, "shop", SERVICES, stack)
    up = FakeEngine(
        containers=[
            container("a", "shop", service="db", state="exited"),
            container("b", "shop", service="cache"),
        ]
    )
    volumes.write(stack, {"db": 4})
    now = {e.service.name: e for e in again([replace(e, docker=up) for e in found], stack)}
    assert now["cache"].container and not now["db"].container
    assert now["db"].volumes == {"db": "shop_db_data.4"}
    assert again([], stack) == []


def test_a_container_on_another_volume_than_the_live_one_is_told(stack: Path) -> None:
    mounted = {"mounts": {"shop_db_data.3": True}}
    engine = FakeEngine(containers=[container("a", "shop", service="db", **mounted)])
    found = sources(engine, "shop", SERVICES, stack)
    assert not [each for each in found if each.former]
    require_live(found)
    volumes.write(stack, {"db": 4})
    for later in (again(found, stack), sources(engine, "shop", SERVICES, stack)):
        assert [each.service.name for each in later if each.former] == ["db"]
        with pytest.raises(GroundworkError, match="data of db were put back or moved"):
            require_live(later)


def test_by_name_or_all(stack: Path) -> None:
    found = sources(FakeEngine(), "shop", SERVICES, stack)
    assert [each.service.name for each in named(found, [], "here")] == ["db", "cache"]
    assert [each.service.name for each in named(found, ["cache"], "here")] == ["cache"]
    with pytest.raises(GroundworkError, match="There are: db, cache"):
        named(found, ["far"], "here")
    with pytest.raises(GroundworkError, match="never started"):
        named([], [], "here")
