"""How a dump is asked for and restored; tests/integration/test_backup.py does both."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.module_utils.groundwork.config import parse_services
from ansible.module_utils.groundwork.data import Checkpoint, Source
from ansible.module_utils.groundwork.data.postgres_dump import dump, new_server, prove, restored
from ansible.module_utils.groundwork.docker import CommandResult
from ansible.module_utils.groundwork.errors import GroundworkError

from .test_job import Recorded

ENTRY = {
    "kind": "postgres",
    "image": "postgres:16",
    "port": 5432,
    "user": "app",
    "database": "app",
    "settings": {"shared_preload_libraries": "pg_cron", "work_mem": "8MB"},
}
SAID = [
    ["shop", "file", "0.dump"],
    ["shop", "table", "public.items", 3, "77"],
    ["", "version", "16.4"],
    ["", "bootstrap", "app"],
]
PRINTED = "\n".join([*map(json.dumps, SAID), "sum abc 10 0.dump", "sum def 5 globals.sql"])


def source(engine: Recorded) -> Source:
    service = parse_services({"postgres": ENTRY})[0]
    return Source(engine, "shop", service, "image:1", "16-glibc", {"postgres": "v"}, "container")


def answers(**results: CommandResult) -> Recorded:
    return Recorded(results={"exec": CommandResult(0, "999:999\n", ""), **results})


def test_a_dump_is_made_by_the_server_s_own_user_beside_it() -> None:
    engine = answers(run=CommandResult(0, PRINTED, ""))
    saved = dump(source(engine), "/place", "postgres")
    words = " ".join(engine.asked[1])
    assert "--user 999:999" in words
    assert "--pid container:container" in words
    assert "--workdir /copy/postgres" in words
    assert saved.files == {"0.dump": "abc", "globals.sql": "def"}
    assert saved.bytes == 15
    assert saved.details["databases"] == {"shop": "0.dump"}
    assert saved.facts["databases"] == {"shop": {"tables": {"public.items": [3, "77"]}}}
    assert (saved.kind, saved.version, saved.storage_format) == ("postgres", "16.4", "16-glibc")


def test_another_version_s_programs_can_do_it() -> None:
    engine = answers(run=CommandResult(0, PRINTED, ""))
    assert dump(source(engine), "/place", "postgres", image="image:17").image == "image:1"
    assert "image:17" in engine.asked[1]


@pytest.mark.parametrize(("said", "runs"), [("lock timeout", 3), ("no space left", 1)])
def test_one_that_fails_is_an_error_and_tried_again_for_a_lock(said: str, runs: int) -> None:
    engine = answers(run=CommandResult(1, PRINTED, f"pg_dump: error: {said}"))
    with pytest.raises(GroundworkError, match=said):
        dump(source(engine), "/place", "postgres")
    assert [asked[0] for asked in engine.asked].count("run") == runs


def test_a_container_that_does_not_run_is_told() -> None:
    engine = answers(exec=CommandResult(1, "", "is not running"))
    with pytest.raises(GroundworkError, match="doesn't run"):
        dump(source(engine), "/place", "postgres")


def test_a_new_server_is_made_as_the_service_s_would_be() -> None:
    engine = answers()
    saved = Checkpoint(facts={"bootstrap": "app"})
    with new_server(source(engine), saved, "/place", "volume"):
        words = " ".join(engine.asked[0])
    assert "POSTGRES_USER=app" in words
    assert "shared_preload_libraries=pg_cron" in words
    assert "work_mem" not in words
    assert "fsync=off" not in words
    assert "source=volume" in words
    assert "--network none" in words
    with new_server(source(engine), saved, "/place"):
        assert "fsync=off" in " ".join(engine.asked[-2])


def test_a_server_that_ends_at_once_is_told_with_its_last_words() -> None:
    engine = Recorded(
        results={
            "exec": CommandResult(1, "", ""),
            "inspect": CommandResult(0, "false\n", ""),
            "logs": CommandResult(0, "", "FATAL: no\n"),
        }
    )
    with (
        pytest.raises(GroundworkError, match="doesn't start") as caught,
        new_server(source(engine), Checkpoint(facts={"bootstrap": "app"}), "/place"),
    ):
        pass
    assert caught.value.details == ["FATAL: no"]
    assert engine.asked[-1][0] == "rm"


def test_what_is_restored_has_to_be_what_was_copied() -> None:
    def facts(rows: int) -> dict[str, Any]:
        return {"databases": {"shop": {"tables": {"items": [rows, "1"]}}}}

    prove(facts(3), facts(3))
    with pytest.raises(GroundworkError) as caught:
        prove(facts(3), facts(2), "NOTICE: x\nERROR: role")
    assert caught.value.details == [
        "shop: items has 2 rows instead of 3",
        "(roles) ERROR: role",
    ]


def test_a_restore_that_fails_leaves_no_server() -> None:
    engine = answers()
    saved = Checkpoint(facts={"bootstrap": "app", "databases": {}}, details={"databases": {}})
    with (
        pytest.raises(GroundworkError),  # the answer is no facts
        restored(source(engine), saved, "/place", "postgres"),
    ):
        pass
    assert engine.asked[-1][0] == "rm"
