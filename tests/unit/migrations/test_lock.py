"""The lock of migrations, with a connection that answers from a list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.module_utils.groundwork.errors import GroundworkError
from ansible.module_utils.groundwork.migrations import lock


class Server:
    """A database whose lock is taken or not; counts how often it was asked for."""

    database = "app"

    def __init__(self, *answers: bool) -> None:
        self.answers, self.asked = list(answers), 0

    def __str__(self) -> str:
        return "database app"

    @contextmanager
    def connect(self) -> Iterator[Any]:
        yield SimpleNamespace(execute=self.execute)

    def execute(self, statement: str, given: Any) -> Any:
        if "pg_try_advisory_lock" not in statement:
            row: Any = (7, "psql", "ana", "10.0.0.5", "10:00")
        else:
            row = (self.answers[min(self.asked, len(self.answers) - 1)],)
            self.asked += 1
        return SimpleNamespace(fetchone=lambda: row)


def test_each_database_has_a_number_of_its_own_that_postgresql_takes() -> None:
    numbers = {lock.key(name) for name in ("app", "reports", "Müller")}
    assert len(numbers) == 3
    assert all(-(2**63) <= number < 2**63 for number in numbers)
    assert lock.key("app") == lock.key("app")


def test_it_is_waited_for() -> None:
    server = Server(False, True)
    with lock.hold(server, 5):
        assert server.asked == 2


def test_whoever_holds_it_too_long_is_named() -> None:
    with (
        pytest.raises(GroundworkError, match="Another migration") as caught,
        lock.hold(Server(False), 0),
    ):
        raise AssertionError("it was not held")
    assert "psql" in str(caught.value) and "10.0.0.5" in str(caught.value)
