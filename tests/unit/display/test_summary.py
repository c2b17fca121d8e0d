"""The closing table, made from what the results said."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.groundwork.display.facts import RunFacts
from ansible.module_utils.groundwork.display.outcome import Outcome, Task
from ansible.module_utils.groundwork.display.summary import Run, closing_lines, recap_line
from ansible.module_utils.groundwork.display.text import ASCII, plain

LOOK: dict[str, Any] = {
    "state": {
        "engine": {"state": "ok", "version": "24.0", "compose": "2.26.1"},
        "images": {
            "redis": {"reference": "redis:7-alpine"},
            "qdrant": {"reference": ""},
            "extra": {"reference": "x:1"},
        },
        "files": {"/srv/infra/.env": "in_sync", "/srv/infra/docker-compose.yml": "changed"},
        "env_files": {"/srv/apps/backend/.env": "missing"},
        "services": {
            "redis": {"state": "running", "answers": True, "url": "redis://:pw@127.0.0.1:6379/0"},
            "qdrant": {"state": "missing", "address": "127.0.0.1:6333"},
        },
        "schema": {"": {"state": "pending", "current": ["a"], "heads": ["b"], "pending": ["b"]}},
    },
    "plan": {"docker": [], "services": ["qdrant is missing"]},
    "summary": {"stack": "groundwork", "docs": [["docs", "docs/"]]},
}


def did(facts: RunFacts, module: str, result: dict[str, Any], name: str = "run | Do it") -> None:
    facts.learn("vm", Outcome(Task(name, module, "stack", "Stack"), "vm", "ok", result))


def told(facts: RunFacts, **run: Any) -> str:
    return "\n".join(plain(closing_lines(facts, ["vm"], Run(seconds=3, **run), ASCII)))


def test_a_status_shows_the_whole_look() -> None:
    facts = RunFacts()
    did(facts, "stack_info", LOOK)
    text = told(facts, status=True)
    for expected in (
        "-- groundwork on vm -",
        "redis   healthy  redis://:***@127.0.0.1:6379/0  redis:7-alpine (already here)",
        "qdrant  missing  127.0.0.1:6333                 no image yet",
        "extra   missing                                 x:1 (already here)",
        "engine    Docker 24.0 Compose 2.26.1",
        "files     in /srv",
        "infra/.env: up to date",
        "infra/docker-compose.yml: changed",
        "apps/backend/.env: missing",
        "schema    a  revisions are waiting",
        "pending   on the next run:",
        "Stack     qdrant is missing",
        "docs      docs/",
    ):
        assert expected in text, f"{expected}\n{text}"
    assert ":pw@" not in text


def test_an_image_that_was_refused_is_not_shown_as_the_one_that_runs() -> None:
    facts = RunFacts()
    redis = LOOK["state"]["services"]["redis"] | {"runs": "groundwork/redis:7.0.15"}
    look = LOOK["state"] | {"services": {"redis": redis}}
    refused = [{"what": "The volume was made by redis-8; the image redis:7-alpine can't read it."}]
    did(facts, "stack_info", LOOK | {"state": look, "problems": refused})
    (row,) = (each for each in told(facts).splitlines() if each.startswith("  redis "))
    assert row.endswith("groundwork/redis:7.0.15 (already here)")


def test_a_narrow_terminal_has_the_image_below() -> None:
    facts = RunFacts()
    did(facts, "stack_info", LOOK)
    assert "redis://:***@127.0.0.1:6379/0\n" in told(facts, width=60)
    assert "redis://:***@127.0.0.1:6379/0  redis:7" in told(facts, width=120)


def test_later_results_overrule_the_look() -> None:
    facts = RunFacts()
    did(facts, "stack_info", LOOK)
    did(facts, "container_images", {"changed": True, "images": {
        "qdrant": {"used": "groundwork/qdrant:1", "source": "build"}}})  # fmt: skip
    did(facts, "service_health", {"services": [
        {"name": "qdrant", "version": "1.7.4", "healthy": True},
        {"name": "redis", "healthy": False}]})  # fmt: skip
    did(facts, "managed_files", {"files": [{"path": "/srv/apps/backend/.env",
                                            "action": "created"}]})  # fmt: skip
    did(
        facts,
        "alembic_migrate",
        {"before": ["a"], "after": ["b"], "applied": [{}], "changed": True},
    )
    text = told(facts)
    assert "qdrant 1.7.4  healthy" in text
    assert "groundwork/qdrant:1 (built here)" in text
    assert "redis         not healthy" in text
    assert "apps/backend/.env: created" in text
    assert "schema    a -> b  1 revision" in text
    assert "changed   Stack: Do it" in text
    assert "pending   on" not in text
    assert "apps/backend/.env: would be created" in told(facts, check=True)


def test_nothing_and_much() -> None:
    facts = RunFacts()
    assert "changed   nothing, up to date" in told(facts)
    assert "would     change nothing" in told(facts, check=True)
    for _ in range(7):
        did(facts, "command", {"changed": True})
    assert "changed   Stack (7)" in told(facts)


def test_the_plan_of_a_check_names_the_reasons() -> None:
    facts = RunFacts()
    reasons = {"changed": True, "reasons": ["redis is missing", "qdrant is old"]}
    did(facts, "pending_changes", reasons)
    text = told(facts, check=True)
    assert "would     change Stack: redis is missing" in text
    assert "Stack: qdrant is old" in text


def test_a_stop() -> None:
    facts = RunFacts()
    facts.stopped(
        "vm", Outcome(Task("run | Do it", "command", "stack", "Stack"), "vm", "failed", {})
    )
    assert "stopped   in Stack: Do it" in told(facts)


def test_results_of_another_shape_are_survived() -> None:
    facts = RunFacts()
    for module in ("stack_info", "service_health", "container_images", "managed_files"):
        odd = {"plan": [1], "state": 5, "services": {"a": 1}, "images": ["b"], "files": [None]}
        did(facts, module, odd)
    did(facts, "alembic_migrate", {"before": ["a", "b"], "after": 7})
    assert "took" in told(facts, status=True)


def test_the_recap_is_spelled_as_ansible_spells_it() -> None:
    counts = {"ok": 3, "changed": 0, "failures": 1}
    assert plain([recap_line("vm", counts)]) == [
        "vm : ok=3 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0"
    ]


def test_a_service_of_a_persons_own_is_shown_as_the_engine_has_it() -> None:
    facts = RunFacts()
    own = {"custom": True, "answers": False, "address": ""}
    services = {
        "mail": own | {"state": "running", "health": "none"},
        "web": own | {"state": "running", "health": "starting"},
        "job": own | {"state": "exited", "health": "none"},
    }
    did(facts, "stack_info", {"state": {"services": services}})
    rows = [line.split() for line in told(facts, status=True).splitlines()]
    for name, state in {"mail": "running", "web": "starting", "job": "exited"}.items():
        assert [name, state, "your", "own"] in rows
    did(facts, "compose_up", {"services": {"job": "started", "web": "removed", "redis": "created"}})
    rows = [line.split() for line in told(facts).splitlines()]
    assert ["job", "started", "your", "own"] in rows, "as it was left, not as it was found"
    assert not any(row[:1] in (["web"], ["redis"]) for row in rows)


def test_of_several_hosts_it_says_which_takes_writes() -> None:
    facts = RunFacts()
    services = {
        "db": {
            "state": "external",
            "answers": True,
            "address": "b:5432",
            "url": "postgresql://app:***@/app?host=a,b&port=5432,5432",
            "hosts": ["a:5432 connection refused", "b:5432 takes writes"],
        }
    }
    did(facts, "stack_info", {"state": {"engine": {}, "services": services}})
    text = told(facts, status=True)
    for expected in (
        "db  healthy  b:5432  external",
        "hosts     db: a:5432 connection refused",
        "          db: b:5432 takes writes",
    ):
        assert expected in text, f"{expected}\n{text}"


def test_what_tags_left_out_is_not_called_up_to_date() -> None:
    facts = RunFacts()
    did(facts, "stack_info", LOOK)
    for left_out in ({"tags": ["schema"]}, {"skip_tags": ["stack"]}):
        text = told(facts, **left_out)
        assert "changed   nothing\n" in text
        assert "pending   Stack: left out" in text
    for done in ({}, {"tags": ["all"]}, {"tags": ["stack"]}, {"skip_tags": ["schema"]}):
        assert "left out" not in told(facts, **done)
    assert "left out" in told(facts, tags=["schema"], check=True)
    did(facts, "service_health", {"changed": True})
    assert "pending   Stack: left out" in told(facts, tags=["schema"])


def test_a_stamp_is_no_revision_that_was_applied() -> None:
    facts = RunFacts()
    stamp = {"before": ["a"], "after": ["b"], "stamped": True, "changed": True}
    did(facts, "alembic_migrate", stamp)
    assert "a -> b  stamped" in told(facts)
