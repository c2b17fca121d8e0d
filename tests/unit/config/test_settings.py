"""`settings` of an entry: what becomes of values, and what isn't for a person to set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.errors import GroundworkError

IMAGES = {"postgres": "postgres:16", "redis": "redis:7", "qdrant": "qdrant/qdrant:v1.7.4"}


def parsed(kind: str, settings: Any, **more: Any) -> Mapping[str, Any]:
    entry = {"kind": kind, "image": IMAGES[kind], "port": 15000, "settings": settings} | more
    return parse_services({"it": entry})[0].settings


def refused(kind: str, settings: Any, **more: Any) -> str:
    with pytest.raises(GroundworkError) as caught:
        parsed(kind, settings, **more)
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("postgres", False, "off"),
        ("postgres", True, "on"),
        ("postgres", 200, "200"),
        ("postgres", 0.25, "0.25"),
        ("postgres", "", ""),
        ("postgres", "256MB", "256MB"),
        ("postgres", ["a", "b"], "a,b"),
        ("redis", False, ["no"]),
        ("redis", True, ["yes"]),
        ("redis", "", [""]),
        ("redis", 5, ["5"]),
        ("redis", ["3600 1", "60 5"], ["3600 1", "60 5"]),
        ("qdrant", None, None),
        ("qdrant", False, False),
        ("qdrant", [1, "x"], [1, "x"]),
    ],
)
def test_values_are_what_the_server_reads(kind: str, raw: Any, value: Any) -> None:
    assert parsed(kind, {"any": raw}) == {"any": value}


def test_names_within_names_are_joined_and_names_are_one_in_any_case() -> None:
    nested = {"storage": {"wal": {"wal_capacity_mb": 64}}, "service.max_workers": 2}
    assert parsed("qdrant", nested) == {"storage.wal.wal_capacity_mb": 64, "service.max_workers": 2}
    assert parsed("postgres", {"Work_Mem": "8MB"}) == {"work_mem": "8MB"}
    assert "is there twice" in refused("postgres", {"Work_Mem": 1, "work_mem": 2})
    assert parsed("postgres", None) == {}


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        ("postgres", {"port": 1}, ["it.settings.port", "the entry's `port`"]),
        ("postgres", {"SSL": True}, ["it.settings.SSL", "`tls: true`"]),
        ("postgres", {"ssl_ciphers": "x"}, ["`tls: true`"]),
        ("postgres", {"listen_addresses": "*"}, ["`bind`"]),
        ("postgres", {"data_directory": "/x"}, ["away from its volume"]),
        ("postgres", {"hba_file": "/x"}, ["`allow_from`"]),
        ("postgres", {"logging_collector": True}, ["`docker logs`"]),
        ("postgres", {"password_encryption": "md5"}, ["SCRAM"]),
        ("postgres", {"recovery_target_time": "x"}, ["stands alone"]),
        ("postgres", {"hba-file": "/x"}, ["'hba-file' is no name"]),
        ("postgres", {"a=b": "/x"}, ["'a=b' is no name"]),
        ("postgres", {5: 1}, ["5 is no name"]),
        ("postgres", {"work_mem": None}, ["it.settings.work_mem has no value"]),
        ("postgres", {"work_mem": {"a": 1}}, ["work_mem must be text"]),
        ("postgres", {"work_mem": "a\nb"}, ["line break"]),
        ("postgres", ["fsync=off"], ["must be a dictionary, such as {shared_buffers: 256MB"]),
        ("redis", {"appendonly": False}, ["have to outlive the container", "`appendfsync: no`"]),
        ("redis", {"requirepass": "x"}, ["the entry's `password`"]),
        ("redis", {"user": "x"}, ["docker inspect"]),
        ("redis", {"tls-port": 1}, ["`tls: true`"]),
        ("redis", {"dir": "/x"}, ["away from its volume"]),
        ("redis", {"replicaof": "x 1"}, ["stands alone"]),
        ("redis", {"save": []}, ["empty list"]),
        ("redis", {"--port": 1}, ["is no name"]),
        ("qdrant", {"service": {"api_key": "x"}}, ["it.settings.service.api_key", "`password`"]),
        ("qdrant", {"service": {"enable_tls": True}}, ["`tls: true`"]),
        ("qdrant", {"tls": {"cert": "x"}}, ["`tls: true`"]),
        ("qdrant", {"cluster": {"enabled": True}}, ["stands alone"]),
        ("qdrant", {"service": {"grpc_port": 1}}, ["`grpc_port` publishes"]),
        ("qdrant", {"storage": {"storage_path": "/x"}}, ["away from its volume"]),
        ("qdrant", {"storage": 5}, ["is a section"]),
        ("qdrant", {"log_level": "a'b"}, ["has a quote"]),
        ("qdrant", {"storage": {1: 2}}, ["1 is no name"]),
    ],
)
def test_what_is_groundworks_own_or_no_setting_is_refused(
    kind: str, settings: Any, words: list[str]
) -> None:
    text = refused(kind, settings)
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    ("settings", "meant"),
    [
        ({"storage": {"wal": {"wal_capacity": 1}}}, "storage.wal.wal_capacity_mb"),
        ({"storage": {"optimisers": {"x": 1}}}, "storage.optimizers.x"),
        ({"loglevel": "INFO"}, "log_level"),
        ({"service": {"max_worker": 1}}, "service.max_workers"),
    ],
)
def test_a_near_miss_of_qdrants_keys_is_refused_as_qdrant_says_nothing(
    settings: Any, meant: str
) -> None:
    assert f"Did you mean {meant!r}?" in refused("qdrant", settings)


def test_keys_of_a_newer_qdrant_pass() -> None:
    newer = {"storage": {"max_collections": 5, "performance": {"optimizer_cpu_budget": 1}}}
    assert len(parsed("qdrant", newer)) == 2


@pytest.mark.parametrize(("given", "fits"), [("300mb", True), ("512mb", False), ("0", False)])
def test_redis_maxmemory_stays_below_the_containers_limit(given: str, fits: bool) -> None:
    if fits:
        assert parsed("redis", {"maxmemory": given}, memory="512m")
    else:
        text = refused("redis", {"maxmemory": given}, memory="512m")
        assert "it.settings.maxmemory is" in text
        assert "three quarters" in text


def test_an_external_service_and_a_container_have_none() -> None:
    external = {"kind": "postgres", "external": True, "host": "x.example", "password": "x" * 20}
    with pytest.raises(GroundworkError, match="settings: an external service has none"):
        parse_services({"it": external | {"settings": {"fsync": False}}})
    with pytest.raises(GroundworkError, match="settings: what a container reads"):
        parse_services({"it": {"kind": "container", "image": "x:1", "settings": {}}})
