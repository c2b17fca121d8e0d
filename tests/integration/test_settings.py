"""Servers' own parameters (`settings`): they arrive, and what a server refuses stops nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .stack import Stack, docker, new_stack, with_service

GOOD: dict[str, dict[str, Any]] = {
    "postgres": {
        "shared_buffers": "64MB",
        "max_connections": 57,
        "fsync": False,
        "log_line_prefix": "%m $x ${HOME} 'q' \" ",
        "shared_preload_libraries": ["pg_stat_statements"],
        "pg_stat_statements.max": 200,
    },
    "redis": {"maxmemory": "100mb", "maxmemory-policy": "allkeys-lru", "save": ["3600 1", "60 5"]},
    "qdrant": {"service": {"max_request_size_mb": 7}, "storage.hnsw_index.m": 32},
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose servers have settings; each test leaves it up with those."""
    stack = new_stack(tmp_path_factory.mktemp("settings") / "work space", "groundwork-set", 16900)
    for name, settings in GOOD.items():
        stack.services[name]["settings"] = settings
    stack.variables |= {"schema_dir": "", "stack_health_timeout": 60}
    try:
        stack.up()
        yield stack
    finally:
        stack.destroy()


def changed(stack: Stack, name: str, **settings: Any) -> dict[str, Any]:
    """`stack_services` with further settings of one service."""
    return with_service(stack, name, settings=GOOD[name] | settings)


def show(stack: Stack, name: str) -> str:
    container = stack.containers()["postgres"]["Id"]
    user, database = stack.env["POSTGRES_USER"], stack.env["POSTGRES_DB"]
    return docker(
        "exec", container, "psql", "-At", "-U", user, "-d", database, "-c", f"SHOW {name}"
    ).rstrip("\n")


def redis_config(stack: Stack, name: str) -> str:
    login = ["-a", stack.redis_password, "--no-auth-warning"]
    container = stack.containers()["redis"]["Id"]
    answer = docker("exec", container, "redis-cli", *login, "config", "get", name)
    return answer.splitlines()[1]


def trials(stack: Stack) -> str:
    return docker("ps", "-aq", "--filter", f"label=groundwork.trial={stack.project}")


def test_they_arrive_and_a_second_run_is_idle(stack: Stack) -> None:
    assert show(stack, "shared_buffers") == "64MB"
    assert show(stack, "max_connections") == "57"
    assert show(stack, "fsync") == "off"
    assert show(stack, "log_line_prefix") == GOOD["postgres"]["log_line_prefix"]
    assert show(stack, "pg_stat_statements.max") == "200"
    assert redis_config(stack, "maxmemory") == str(100 * 2**20)
    assert redis_config(stack, "maxmemory-policy") == "allkeys-lru"
    assert redis_config(stack, "save") == "3600 1 60 5"
    assert redis_config(stack, "appendonly") == "yes"
    play = stack.up()
    assert play.idle, play.output
    assert "storage.hnsw_index.m of qdrant" in play.output


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        (
            "postgres",
            {"max_connection": 5},
            [
                'unrecognized configuration parameter "max_connection"',
                "Did you mean 'max_connections'?",
                "stack_services.postgres.settings.max_connection",
            ],
        ),
        (
            "postgres",
            {"shared_buffers": "lots"},
            [
                'invalid value for parameter "shared_buffers": "lots"',
                "stack_services.postgres.settings.shared_buffers",
            ],
        ),
        ("postgres", {"wal_level": "minimal"}, ["WAL streaming", "settings.wal_level"]),
        (
            "postgres",
            {"shared_preload_libraries": "pg_stat_statement"},
            ['could not access file "pg_stat_statement"', "settings.shared_preload_libraries"],
        ),
        (
            "postgres",
            {"pg_stat_statements.maxx": 1},
            ['invalid configuration parameter name "pg_stat_statements.maxx"'],
        ),
        ("postgres", {"shared_buffers": "900GB"}, ["could not map anonymous shared memory"]),
        (
            "redis",
            {"maxmemory-policy": "lru"},
            ["argument(s) must be one of", "settings.maxmemory-policy"],
        ),
        (
            "redis",
            {"maxmemory_policy": "allkeys-lru"},
            ["Bad directive", "Did you mean 'maxmemory-policy'?"],
        ),
        (
            "qdrant",
            {"service.max_request_size_mb": "many"},
            ["must be a whole number", "settings.service.max_request_size_mb"],
        ),
    ],
)
def test_what_a_server_refuses_leaves_the_old_container_running(
    stack: Stack, name: str, settings: dict[str, Any], words: list[str]
) -> None:
    before = stack.started_at()
    compose = (stack.infra / "docker-compose.yml").read_text(encoding="utf-8")
    if name == "qdrant":
        settings = {"service": {"max_request_size_mb": "many"}}
    for options in ([], ["--check"]):
        output = stack.refuse(*options, stack_services=changed(stack, name, **settings))
        plain = " ".join(output.split())
        assert f"{name}: the server refuses its settings" in plain
        assert f"the container of {name} runs on as it was" in plain
        for word in words:
            assert word in plain, output
    assert stack.started_at() == before
    assert (stack.infra / "docker-compose.yml").read_text(encoding="utf-8") == compose
    assert not trials(stack)


def test_a_change_is_a_reason_in_the_plan_and_keeps_the_data(stack: Stack) -> None:
    before = stack.containers()
    services = changed(stack, "postgres", max_connections=58)
    check = stack.play("dev", "--check", stack_services=services)
    assert check.code == 0, check.output
    assert "postgres: its settings changed: max_connections" in " ".join(check.output.split())
    docker(
        *("exec", before["postgres"]["Id"], "psql", "-U", stack.env["POSTGRES_USER"]),
        *("-d", stack.env["POSTGRES_DB"], "-c", "CREATE TABLE kept (id int)"),
    )
    play = stack.up(stack_services=services)
    assert "postgres: its settings changed: max_connections" in " ".join(play.output.split())
    assert show(stack, "max_connections") == "58"
    after = stack.containers()
    assert after["postgres"]["Id"] != before["postgres"]["Id"]
    assert after["redis"]["Id"] == before["redis"]["Id"]
    docker(
        *("exec", after["postgres"]["Id"], "psql", "-U", stack.env["POSTGRES_USER"]),
        *("-d", stack.env["POSTGRES_DB"], "-c", "DROP TABLE kept"),
    )
    assert stack.up(stack_services=services).idle
    stack.up()


def test_what_only_the_data_refuse_is_told_with_the_log_and_mended_by_the_next_run(
    stack: Stack,
) -> None:
    """The trial has an empty cluster; a prepared transaction is in the data alone."""
    user, database = stack.env["POSTGRES_USER"], stack.env["POSTGRES_DB"]
    prepared = changed(stack, "postgres", max_prepared_transactions=5)
    stack.up(stack_services=prepared)

    def run(sql: str) -> None:
        container = stack.containers()["postgres"]["Id"]
        docker("exec", container, "psql", "-U", user, "-d", database, "-c", sql)

    run("BEGIN; CREATE TABLE half (id int); PREPARE TRANSACTION 'half'")
    output = stack.refuse(
        stack_services=changed(stack, "postgres", max_prepared_transactions=0),
        stack_health_timeout=20,
    )
    assert "prepared transaction" in " ".join(output.split()), output
    assert stack.up(stack_services=prepared).changed
    run("ROLLBACK PREPARED 'half'")
    stack.up()
