"""The lines that each module's result gets."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.groundwork.display import results
from ansible.module_utils.groundwork.display.outcome import Outcome, Task
from ansible.module_utils.groundwork.display.text import ASCII, UNICODE, plain


def ok(result: dict[str, Any]) -> Outcome:
    return Outcome(Task("run | Do it", "module", "stack", "Stack"), "vm", "ok", result)


def service(**more: object) -> dict[str, object]:
    return {"name": "a", "version": "1", "address": "h:1", "healthy": True, "seconds": 1.0, **more}


def test_bars_compare_with_the_slowest_and_are_never_empty() -> None:
    services = [service(seconds=2.0), service(seconds=1.0), service(seconds=0.0)]
    slow, half, quick = plain(results.health_lines(ok({"services": services}), ASCII))
    assert slow == "a 1  ####################    2.00 s  h:1"
    assert half.count("#") == 10
    assert quick.count("#") == 0
    assert quick.count("-") == 1


def test_a_service_that_is_not_healthy_says_why_in_one_line() -> None:
    sick = service(healthy=False, version="", last_error="redis://:pw@h refused\nand more")
    lines = plain(results.health_lines(ok({"services": [sick]}), ASCII))
    assert lines[0].endswith("not healthy")
    assert lines[1].strip() == "redis://:***@h refused"


def test_an_image_that_was_here_is_not_mentioned_and_a_detour_is() -> None:
    found = results.image_lines(
        ok({
            "images": {
                "redis": {"used": "r", "source": "present", "tried": []},
                "qdrant": {
                    "used": "q",
                    "source": "archive",
                    "seconds": 3,
                    "tried": [{"source": "present", "why": "none"}, {"source": "archive"},
                              {"source": "registry", "why": "no answer\nmore"}],
                },
            }
        }),
        ASCII,
    )  # fmt: skip
    assert plain(found) == ["qdrant  q  from an archive  3.0 s", "  not pulled: no answer"]


@pytest.mark.parametrize(
    ("image", "text"),
    [
        ({"wanted": "w", "source": ""}, "a  w  not found"),
        ({"wanted": "w", "source": "", "resolved": False}, "a  w  to be fetched"),
        ({"wanted": "w", "used": "u", "source": "elsewhere"}, "a  u in place of w  elsewhere"),
        ({"wanted": "w", "used": "w", "source": "registry", "changed": True}, "a  w  pulled"),
        ({"wanted": "w", "used": "w", "source": "registry", "changed": False}, "a  w  no newer"),
    ],
)
def test_where_an_image_came_from(image: dict[str, object], text: str) -> None:
    (shown,) = plain(results.image_lines(ok({"images": {"a": image}}), ASCII))
    assert shown.startswith(text)


def test_revisions_say_their_direction() -> None:
    applied = [
        {"revision": "b", "message": "users", "seconds": 0.2, "direction": "up"},
        {"revision": "a", "message": "base", "seconds": 0.1, "direction": "down"},
    ]
    assert plain(results.revision_lines(ok({"applied": applied}), ASCII)) == [
        "up        b  users  0.2 s",
        "down      a  base  0.1 s",
    ]


def test_files_name_what_was_made_and_not_what_is_unchanged() -> None:
    files = [
        {"path": "/a", "action": "unchanged"},
        {"path": "/b", "action": "created"},
    ]
    assert plain(results.file_lines(ok({"files": files}), ASCII)) == ["created   /b"]
    made = plain(results.file_lines(ok({"files": files[1:], "made": ["X"]}), ASCII))
    assert made[-1] == "new passwords: X"


@pytest.mark.parametrize(
    ("result", "note"),
    [
        ({}, ""),
        ({"plan": {"files": ["x"]}}, "1 change pending"),
        ({"plan": {"files": ["x"], "schema": ["y"]}}, "2 changes pending"),
        ({"state": {"services": {"a": {}}}, "plan": {"files": []}}, "up to date"),
        ({"problems": [{}], "plan": {"files": ["x"]}}, "1 blocking problem"),
    ],
)
def test_the_look_in_half_a_sentence(result: dict[str, object], note: str) -> None:
    assert results.inspect_note(result) == note


def test_what_a_migration_printed_is_shown_below_it_and_cut_where_it_is_long() -> None:
    step = {"revision": "aa01", "message": "Add users", "direction": "up", "seconds": 0.1}
    few = results.revision_lines(ok({"applied": [step], "output": "INFO one\n\ntwo"}), UNICODE)
    assert [text.strip() for text in plain(few)] == [
        "up        aa01  Add users  0.1 s", "printed   INFO one", "", "two",
    ]  # fmt: skip
    many = "\n".join(f"line {number}" for number in range(40))
    lines = plain(results.revision_lines(ok({"applied": [step], "output": many}), UNICODE))
    assert len(lines) == 17
    assert "(25 lines before these)" in lines[1]
    assert "line 39" in lines[-1]
    assert len(results.revision_lines(ok({"applied": [step], "output": ""}), UNICODE)) == 1


def test_what_alembic_logs_of_each_revision_is_said_once() -> None:
    output = """INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.
INFO  [alembic.runtime.migration] Will assume transactional DDL.
12:00:00 INFO alembic.runtime.migration: Running upgrade a1 -> a2, Add users
INFO  [alembic.runtime.migration] Something else
Running upgrade of the prices"""
    lines = plain(results.revision_lines(ok({"applied": [], "output": output}), UNICODE))
    assert [text.strip() for text in lines] == [
        "printed   INFO  [alembic.runtime.migration] Something else",
        "Running upgrade of the prices",
    ]


def test_a_stamp_says_from_where_to_where() -> None:
    given = {"before": ["gone"], "after": [], "stamped": True}
    assert plain(results.revision_lines(ok(given), ASCII)) == ["stamp     gone -> base"]


def test_a_seed_says_whose_it_is_and_what_it_printed() -> None:
    lines = results.seed_lines(ok({"tree": "shop", "output": "one\ntwo"}), ASCII)
    assert plain(lines) == ["seed      shop", "printed   one", "          two"]


def test_a_history_has_what_is_pending_and_where_the_database_is() -> None:
    tree = {
        "name": "shop", "service": "postgres", "database": "app",
        "state": {"state": "pending", "current": ["a1"], "heads": ["a2"], "pending": ["a2"]},
        "revisions": [
            {"revision": "a2", "message": "Two", "head": True},
            {"revision": "a1", "message": "One", "applied": True, "current": True},
        ],
    }  # fmt: skip
    assert plain(results.history_lines(ok({"trees": [tree]}), ASCII)) == [
        "tree      shop  postgres, database app",
        "current   a1",
        "head      a2",
        "pending   1 revision",
        "history   a2  Two  pending",
        "          a1  One  current",
    ]
    silent = tree | {"state": {"state": "unknown", "heads": ["a2"], "error": "refused"}}
    lines = plain(results.history_lines(ok({"trees": [silent]}), ASCII))
    assert lines[1] == "current   unknown  refused"
    assert not any("pending  " in each and "unknown" not in each for each in lines[3:])
