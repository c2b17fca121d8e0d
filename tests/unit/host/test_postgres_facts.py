"""What a server's answer means, and as whom the socket is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from ansible.module_utils.groundwork.config.services import parse_services
from ansible.module_utils.groundwork.docker.cli import CommandResult, Docker
from ansible.module_utils.groundwork.host import postgres_facts
from ansible.module_utils.groundwork.host.postgres_facts import (
    NOTE,
    Inside,
    has_access,
    literal,
    psql,
    read,
)
from ansible.module_utils.groundwork.services import Role
from fake_engine import FakeEngine, container

ENTRY = {"kind": "postgres", "image": "postgres:16-alpine", "port": 1}
(DB,) = parse_services({"db": ENTRY | {"roles": {"reader": {"access": "read"}}}})
SERVER = {
    "bootstrap": "postgres",
    "superusers": ["postgres"],
    "roles": {"postgres": "", "app": NOTE, "old": NOTE, "hand": "by hand"},
    "databases": {"postgres": ["postgres", ""], "app": ["app", NOTE]},
}
APP = {"extensions": None, "connect": ["app", "reader"], "access": {"reader": ["r:SELECT"]}}


@dataclass(frozen=True)
class Socket(FakeEngine):
    """A server that answers over its socket to one role alone."""

    owner: str = "postgres"
    users: list[str] = field(default_factory=list)

    def run(self, *args: str, **options: Any) -> CommandResult:
        if args[0] != "exec":
            return super().run(*args, **options)
        user, database = args[args.index("-U") + 1], args[args.index("-d") + 1]
        self.users.append(f"{user}/{database}")
        if user != self.owner:
            return CommandResult(2, "", f'FATAL:  role "{user}" does not exist')
        return CommandResult(0, json.dumps(SERVER if database == "postgres" else APP), "")


def server(**more: Any) -> Socket:
    return Socket(containers=[container("c", "ours", service="db")], **more)


def test_where_the_app_is_not_let_in_the_socket_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_facts, "knock", lambda *_: None)
    fatal = psycopg.OperationalError("FATAL:  password authentication failed")
    monkeypatch.setattr(postgres_facts, "_ask", raising(fatal))
    found = read(server(), "ours", DB, {"DB_PASSWORD": "wrong"})
    assert found is not None
    assert found.roles == {"postgres", "app", "old", "hand"}
    assert found.databases == {"postgres": "postgres", "app": "app"}
    assert found.noted == {("role", "app"), ("role", "old"), ("database", "app")}
    assert found.inside["app"] == Inside(
        connect=frozenset({"app", "reader"}), access={"reader": frozenset({"r:SELECT"})}
    )


def test_the_superuser_is_asked_before_a_process_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ask(_: Any, role: str, database: str, password: str, sql: str) -> Any:
        if (role, password) != ("postgres", "right"):
            raise psycopg.OperationalError("FATAL:  password authentication failed")
        return SERVER if database == "postgres" else APP

    monkeypatch.setattr(postgres_facts, "knock", lambda *_: None)
    monkeypatch.setattr(postgres_facts, "_ask", ask)
    engine = server()
    secrets = {"DB_PASSWORD": "wrong", "DB_SUPERUSER_PASSWORD": "right"}
    found = read(engine, "ours", DB, secrets)
    assert found is not None
    assert found.databases == {"postgres": "postgres", "app": "app"}
    assert engine.users == []
    read(engine, "ours", DB, secrets | {"DB_SUPERUSER_PASSWORD": "old"})
    assert engine.users == ["postgres/postgres", "postgres/app"]


def raising(error: Exception) -> Callable[..., None]:
    def ask(*_: Any) -> None:
        raise error

    return ask


@pytest.mark.parametrize(
    "error", [psycopg.OperationalError("connection timeout expired"), ImportError("psycopg")]
)
def test_who_says_nothing_is_asked_no_further(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(postgres_facts, "knock", lambda *_: None)
    monkeypatch.setattr(postgres_facts, "_ask", raising(error))
    engine = server()
    assert read(engine, "ours", DB, {"DB_PASSWORD": "x"}) is None
    assert engine.asked == []


def test_without_a_password_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_facts, "knock", lambda *_: pytest.fail("asked"))
    assert read(server(), "ours", DB, {}) is None


def test_a_closed_port_is_no_answer_and_starts_no_process() -> None:
    engine = server()
    assert read(engine, "ours", DB, {"DB_PASSWORD": "x"}) is None
    assert engine.asked == []


def test_a_volume_from_before_is_asked_as_its_user() -> None:
    engine = server(owner="app")
    assert psql(engine, "c", DB, "postgres", "SELECT 1;\n").ok
    assert engine.users == ["postgres/postgres", "app/postgres"]


def test_any_other_error_is_not_asked_twice() -> None:
    @dataclass(frozen=True)
    class Down(Docker):
        asked: list[Any] = field(default_factory=list)

        def run(self, *args: str, **options: Any) -> CommandResult:
            self.asked.append(args)
            return CommandResult(2, "", "connection refused")

    engine = Down()
    assert psql(engine, "c", DB, "postgres", "SELECT 1;\n").error == "connection refused"
    assert len(engine.asked) == 1


def test_access_is_what_the_role_is_to_have_no_more_and_no_less() -> None:
    role = Role("reader", "read", ("app",), "URL")
    read_all = frozenset({"r:SELECT", "S:SELECT", "n:USAGE"})
    connect = frozenset({"reader"})
    assert has_access(Inside(connect=connect, access={"reader": read_all}), role)
    assert not has_access(Inside(access={"reader": read_all}), role)
    assert not has_access(Inside(connect=connect), role)
    more = read_all | {"r:INSERT"}
    assert not has_access(Inside(connect=connect, access={"reader": more}), role)


def test_a_text_is_quoted() -> None:
    assert literal("it's") == "'it''s'"
